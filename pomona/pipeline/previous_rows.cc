#include "pomona/pipeline/previous_rows.h"

#include <algorithm>

#include <arrow/array.h>
#include <arrow/table.h>

#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/generation.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/thumbnails.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// Walks an earlier manifest row by row.
class ManifestCursor {
 public:
  ManifestCursor(const Manifest& manifest, std::int64_t block) : manifest_(manifest), next_block_(block) {}

  /// \return false at the end; else `index` and `row` are those of the next row
  Result<bool> Next() {
    if (block_ == nullptr || offset_ + 1 == block_->size()) {
      if (next_block_ == BlockCount(manifest_.size())) return false;
      ARROW_ASSIGN_OR_RAISE(block_, manifest_.ReadBlock(next_block_++));
      offset_ = -1;
    }
    ++offset_;
    return true;
  }
  ManifestRow row() const { return block_->row(offset_); }
  std::int64_t index() const { return block_->first() + offset_; }

 private:
  const Manifest& manifest_;
  std::int64_t next_block_;
  std::shared_ptr<const ManifestBlock> block_;
  std::int64_t offset_ = 0;
};

/// A row that outlives its block, but for the texts in `row`.
struct EarlierRow {
  ManifestRow row;
  std::string key;
  std::int64_t index;
};

const arrow::Int32Array& IntColumn(const arrow::Table& table, int column) {
  return static_cast<const arrow::Int32Array&>(*table.column(column)->chunk(0));
}

}  // namespace

bool SameObject(const ManifestRow& a, const ManifestRow& b) {
  if (a.offset != b.offset) return false;
  if (a.size >= 0 && b.size >= 0 && a.size != b.size) return false;
  if (!a.etag.empty() && !b.etag.empty()) return a.etag == b.etag;  // the same bytes may have been written again
  return a.mtime_ns == 0 || b.mtime_ns == 0 || a.mtime_ns == b.mtime_ns;
}

PreviousBlock::Row PreviousBlock::row(std::int64_t index) const {
  const std::int64_t row = row_of_[static_cast<std::size_t>(index - first_)];
  return {IntColumn(*table_, 2).Value(row), IntColumn(*table_, 3).Value(row), features_ + row * dim_};
}

Result<std::unique_ptr<PreviousRows>> PreviousRows::Open(const Location& root, int generation, Retry retry) {
  std::unique_ptr<PreviousRows> previous(new PreviousRows());
  previous->retry_ = retry;
  const auto place = [&](std::string_view name) { return root.Child(NameInGeneration(name, generation, false)); };
  const Location plan = place(output_names::kPlan);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(plan));
  ARROW_ASSIGN_OR_RAISE(previous->plan_, ParseJson(text, plan.display));
  ARROW_ASSIGN_OR_RAISE(previous->manifest_, Manifest::Open(place(output_names::kManifest)));
  ARROW_ASSIGN_OR_RAISE(previous->rows_, FeatureRows::OfOutput(root, generation));
  ARROW_ASSIGN_OR_RAISE(const auto shard_rows, JsonField<std::int64_t>(previous->plan_, "shard_rows", plan.display));
  ARROW_RETURN_NOT_OK(previous->ReadFailures(place(output_names::kShards), shard_rows));
  ARROW_RETURN_NOT_OK(previous->ReadFirstPaths());
  ARROW_ASSIGN_OR_RAISE(previous->thumbnails_, ReadThumbnails(place(output_names::kThumbnails)));
  return previous;
}

Status PreviousRows::ReadFailures(const Location& shards, std::int64_t shard_rows) {
  const ShardStore store(shards);
  const std::int64_t count = (manifest_->size() + shard_rows - 1) / shard_rows;
  std::int64_t rows = 0;
  for (std::int64_t shard = 0; shard < count; ++shard) {
    ARROW_ASSIGN_OR_RAISE(CommitRecord record, store.Read(shard));
    rows += record.ok;
    for (QuarantineRow& row : record.failures) {
      const std::int64_t index = row.index;
      failures_.emplace(index, std::move(row));
    }
  }
  if (rows == rows_->row_count() && rows + static_cast<std::int64_t>(failures_.size()) == manifest_->size()) {
    return Status::OK();
  }
  return Status::Invalid(shards.display, " does not fit the features: ", rows, " rows are committed, ",
                         rows_->row_count(), " are there; start anew with --overwrite");
}

Status PreviousRows::ReadFirstPaths() {
  for (std::int64_t block = 0; block < BlockCount(manifest_->size()); ++block) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, manifest_->ReadBlock(block));
    first_paths_.emplace_back(rows->row(0).path);
  }
  return Status::OK();
}

bool PreviousRows::Retries(const QuarantineRow& failure) const {
  return retry_ == Retry::kAll || failure.stage == "read";
}

Result<std::vector<PreviousRow>> PreviousRows::Of(const ManifestBlock& block) const {
  std::vector<PreviousRow> found(static_cast<std::size_t>(block.size()));
  // Paths may be equal where they stand for different keys, so the search begins a block early.
  const std::string_view first = block.row(0).path;
  const auto after = std::lower_bound(first_paths_.begin(), first_paths_.end(), first);
  const auto start = std::max<std::int64_t>(0, (after - first_paths_.begin()) - 1);
  ManifestCursor cursor(*manifest_, start);
  ARROW_ASSIGN_OR_RAISE(bool more, cursor.Next());
  std::vector<EarlierRow> alike;  // all of one path
  std::string path;
  for (std::int64_t i = 0; i < block.size(); ++i) {
    const ManifestRow row = block.row(i);
    PreviousRow& previous = found[static_cast<std::size_t>(i)];
    if (i == 0 || row.path != path) {
      path = row.path;
      alike.clear();
      while (more && cursor.row().path < row.path) {
        ARROW_ASSIGN_OR_RAISE(more, cursor.Next());
      }
      while (more && cursor.row().path == row.path) {
        alike.push_back({cursor.row(), std::string(cursor.row().key), cursor.index()});
        ARROW_ASSIGN_OR_RAISE(more, cursor.Next());
      }
    }
    for (const EarlierRow& earlier : alike) {
      if (earlier.key == row.key && SameObject(earlier.row, row)) previous.index = earlier.index;
    }
    if (previous.index < 0) continue;
    const auto failure = failures_.find(previous.index);
    if (failure == failures_.end()) {
      previous.kind = PreviousRow::Kind::kRow;
    } else if (!Retries(failure->second)) {
      previous.kind = PreviousRow::Kind::kFailure;
      previous.failure = &failure->second;
    }
  }
  return found;
}

Result<std::shared_ptr<const PreviousBlock>> PreviousRows::Load(std::int64_t number) const {
  auto block = std::make_shared<PreviousBlock>();
  block->first_ = number * kBlockRows;
  block->dim_ = rows_->dim();
  const std::int64_t size = std::min(kBlockRows, manifest_->size() - block->first_);
  std::int32_t row = 0;
  for (std::int64_t offset = 0; offset < size; ++offset) {
    const bool failed = failures_.contains(block->first_ + offset);
    block->row_of_.push_back(failed ? -1 : row++);
  }
  ARROW_ASSIGN_OR_RAISE(block->table_, rows_->Rows(number));
  if (block->table_->num_rows() != row) {
    return Status::Invalid("block ", number, " of the features has ", block->table_->num_rows(), " rows, ", row,
                           " were committed; start anew with --overwrite");
  }
  ARROW_ASSIGN_OR_RAISE(block->features_, FeatureRows::Values(*block->table_, block->dim_, &block->copy_));
  return block;
}

Result<std::shared_ptr<const PreviousBlock>> PreviousRows::BlockOf(std::int64_t index) const {
  const std::int64_t number = index / kBlockRows;
  const std::lock_guard lock(mutex_);
  for (const auto& [known, block] : recent_) {
    if (block != nullptr && known == number) return block;
  }
  ARROW_ASSIGN_OR_RAISE(auto block, Load(number));
  recent_[oldest_] = {number, block};
  oldest_ = (oldest_ + 1) % recent_.size();
  return block;
}

const std::string& PreviousRows::Thumbnail(std::string_view path) const {
  static const std::string kNone;
  const auto found = thumbnails_.find(std::string(path));
  return found == thumbnails_.end() ? kNone : found->second;
}

}  // namespace pomona
