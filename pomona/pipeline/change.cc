#include "pomona/pipeline/change.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pomona/base/text.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

/// Compares listed rows with earlier ones of the same path.
class Merge {
 public:
  Merge(const ManifestRows& listed, const PreviousRows& previous) : listed_(listed), previous_(previous) {}

  Status Run() {
    std::int64_t next = 0;  // of the listed rows
    for (std::int64_t number = 0; number < BlockCount(previous_.manifest().size()); ++number) {
      ARROW_ASSIGN_OR_RAISE(const auto block, previous_.manifest().ReadBlock(number));
      for (std::int64_t i = 0; i < block->size(); ++i) {
        const ManifestRow earlier = block->row(i);
        while (next < listed_.size() && listed_.row(next).path < earlier.path) ++next;
        Compare(earlier, block->first() + i, next);
      }
    }
    counts_.added = listed_.size() - met_;
    return Status::OK();
  }

  ChangeCounts counts() const { return counts_; }

  struct Gone {
    std::string path;
    std::string key;
    std::string label;
    std::int64_t size;
    std::int64_t mtime_ns;
    std::string etag;
    std::int64_t offset;
  };
  const std::vector<Gone>& gone() const { return gone_; }

 private:
  void Compare(const ManifestRow& earlier, std::int64_t index, std::int64_t next) {
    for (; next < listed_.size(); ++next) {
      const ManifestRow row = listed_.row(next);
      if (row.path != earlier.path) break;
      if (row.key != earlier.key) continue;  // two keys may look alike as text
      ++met_;
      if (!SameObject(row, earlier)) {
        ++counts_.changed;
        return;
      }
      if (row.label != earlier.label) ++counts_.relabelled;
      const auto failure = previous_.failures().find(index);
      if (failure != previous_.failures().end() && previous_.Retries(failure->second)) ++counts_.retried;
      return;
    }
    gone_.push_back({std::string(earlier.path), std::string(earlier.key), std::string(earlier.label), earlier.size,
                     earlier.mtime_ns, std::string(earlier.etag), earlier.offset});
  }

  const ManifestRows& listed_;
  const PreviousRows& previous_;
  std::int64_t met_ = 0;
  ChangeCounts counts_;
  std::vector<Gone> gone_;
};

}  // namespace

bool ChangeCounts::nothing() const {
  return added + changed + relabelled + retried == 0 && (gone == 0 || gone_are_kept);
}

Json ChangeCounts::ToJson() const {
  return {{"images", images},        {"added", added},       {"changed", changed}, {"reused", reused()},
          {"retried", retried},      {"replaced", replaced}, {"gone", gone},       {"gone_are_kept", gone_are_kept},
          {"relabelled", relabelled}};
}

ChangeCounts ChangeCounts::FromJson(const Json& json) {
  ChangeCounts counts;
  const auto read = [&](const char* name, std::int64_t* value) { *value = json.value(name, std::int64_t{0}); };
  read("images", &counts.images);
  read("added", &counts.added);
  read("changed", &counts.changed);
  read("relabelled", &counts.relabelled);
  read("retried", &counts.retried);
  read("replaced", &counts.replaced);
  read("gone", &counts.gone);
  counts.gone_are_kept = json.value("gone_are_kept", true);
  return counts;
}

Result<ChangedInput> MergeListing(ManifestRows listed, const PreviousRows& previous, bool mirror) {
  Merge merge(listed, previous);
  ARROW_RETURN_NOT_OK(merge.Run());
  ChangedInput input{std::move(listed), merge.counts()};
  input.counts.gone = static_cast<std::int64_t>(merge.gone().size());
  input.counts.gone_are_kept = !mirror;
  if (!mirror && !merge.gone().empty()) {
    for (const Merge::Gone& row : merge.gone())
      input.rows.AddRow({row.path, row.key, row.label, row.size, row.mtime_ns, row.etag, row.offset});
    input.rows.Sort();
  }
  input.counts.images = input.rows.size();
  return input;
}

Result<ChangedInput> LookAtFailures(const PreviousRows& previous, const std::string& prefix, const Location& input,
                                    const std::vector<std::string>& allowed_hosts, const Cancellation* cancellation) {
  ChangedInput changed;
  changed.rows = ManifestRows(prefix);
  changed.rows.set_skipped(previous.manifest().skipped());
  const ImagePlaces places(input, {}, allowed_hosts);
  for (std::int64_t number = 0; number < BlockCount(previous.manifest().size()); ++number) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    ARROW_ASSIGN_OR_RAISE(const auto block, previous.manifest().ReadBlock(number));
    for (std::int64_t i = 0; i < block->size(); ++i) {
      ManifestRow row = block->row(i);
      ListedFile now;  // what `row` may look at
      if (previous.failures().contains(block->first() + i)) {
        const ManifestRow before = row;
        // What cannot be looked at is read again all the same, and then says why.
        const Result<Location> place = places.Place(row.key);
        if (place.ok() && row.offset < 0) {
          const Result<std::optional<ListedFile>> file = FindFile(*place);
          now = file.ok() && *file ? **file : ListedFile();
          row.size = now.size;
          row.mtime_ns = now.mtime_ns;
          row.etag = now.etag;
          if (!now.path.empty() && !SameObject(row, before)) ++changed.counts.replaced;
        }
        ++changed.counts.retried;
      }
      changed.rows.AddRow(row);
    }
  }
  changed.counts.images = changed.rows.size();
  return changed;
}

}  // namespace pomona
