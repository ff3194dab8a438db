#include "pomona/pipeline/input_images.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/globs.h"
#include "pomona/pipeline/input_names.h"
#include "pomona/pipeline/inventory.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/list_file.h"
#include "pomona/pipeline/memory_plan.h"
#include "pomona/pipeline/packed_folder.h"
#include "pomona/pipeline/packed_input.h"
#include "pomona/pipeline/sample.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

std::string FolderPrefix(const Location& folder) {
  if (folder.display.empty() || folder.display.ends_with('/')) return folder.display;
  return folder.display + "/";
}

Status AddFolder(const Location& folder, const InputColumns& columns, const Labeler& labeler,
                 const Cancellation* cancellation, InputNames* names, InputImages* images) {
  images->rows = ManifestRows(FolderPrefix(folder), images->rows.memory_limit());
  const std::string& prefix = images->rows.prefix();
  std::vector<ListedFile> packed;
  const auto add_image = [&](const ListedFile& file) {
    const std::string label = labeler.LabelOf(prefix + file.path, folder.path + "/" + file.path);
    images->rows.Add(file.path, label, file.size, file.mtime_ns, file.etag);
  };
  const auto add = [&](const ListedFile& file) {
    const bool later = IsPackedFile(file.path) || IsParquetFile(file.path) || MayBeOfPack(file.path);
    later ? packed.push_back(file) : add_image(file);
    return Status::OK();
  };
  ListingOptions options;
  options.include_skipped = names->include_skipped();
  ARROW_ASSIGN_OR_RAISE(Listing listing, VisitFiles(folder, options, add, cancellation));
  names->AddSkipped(listing.skipped);
  images->messages = std::move(listing.warnings);
  ARROW_RETURN_NOT_OK(CheckPackedFolders(folder, &packed));
  for (const ListedFile& file : packed) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    const Location place = folder.Child(file.path);
    if (IsPackedFile(file.path)) {
      ARROW_RETURN_NOT_OK(AddPackedImages(place, file.path, file, labeler, names, &images->rows, cancellation));
      continue;
    }
    bool packs = false;
    if (IsParquetFile(file.path)) {
      ARROW_ASSIGN_OR_RAISE(
          packs, AddParquetImages(place, file.path, file, columns, labeler, names, &images->rows, cancellation));
    }
    if (!packs) add_image(file);
  }
  return Status::OK();
}

/// What a listing says of a file that the user named.
Result<ListedFile> ListedAlone(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(std::optional<ListedFile> file, FindFile(place));
  if (!file) return UsageError("INPUT: there is no file " + place.display);
  return *std::move(file);
}

/// A single archive as INPUT.
Status AddPackedFile(const Location& tar, const Labeler& labeler, InputNames* names, InputImages* images,
                     const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(CheckPackedFile(tar));
  images->rows = ManifestRows(ListPrefix(tar), images->rows.memory_limit());
  ARROW_ASSIGN_OR_RAISE(const ListedFile listed, ListedAlone(tar));
  return AddPackedImages(tar, tar.name(), listed, labeler, names, &images->rows, cancellation);
}

/// A table as INPUT: of images, or of paths.
Status AddTable(const Location& table, const InputColumns& columns, const Labeler& labeler, InputNames* names,
                InputImages* images, const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(CheckPackedFile(table));
  images->rows = ManifestRows(ListPrefix(table), images->rows.memory_limit());
  if (IsParquetFile(table.path)) {
    ARROW_ASSIGN_OR_RAISE(const ListedFile listed, ListedAlone(table));
    ARROW_ASSIGN_OR_RAISE(const bool packs, AddParquetImages(table, table.name(), listed, columns, labeler, names,
                                                             &images->rows, cancellation));
    if (packs) return Status::OK();
  }
  return ReadListFile(table, columns, labeler, &images->rows, cancellation);
}

/// Rows that pass the globs; patterns see the path below the input.
std::vector<std::int64_t> RowsThatPass(const RunOptions& options, const ManifestRows& rows) {
  const std::vector<Glob> include(options.include.begin(), options.include.end());
  const std::vector<Glob> exclude(options.exclude.begin(), options.exclude.end());
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    std::string_view path = rows.row(i).path;
    if (path.starts_with(rows.prefix())) path.remove_prefix(rows.prefix().size());  // packed images keep their own
    if (PassesGlobs(path, include, exclude)) kept.push_back(i);
  }
  return kept;
}

/// Numbers of the labels in label order, so that a sample does not depend on the order of listing.
std::vector<std::int32_t> LabelRanks(const std::vector<std::string>& labels) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return labels[a] < labels[b]; });
  std::vector<std::int32_t> ranks(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<std::int32_t>(i);
  return ranks;
}

void KeepSample(std::int64_t count, ManifestRows* rows) {
  const std::vector<std::int32_t> ranks = LabelRanks(rows->labels());
  std::vector<SampleCandidate> candidates(static_cast<std::size_t>(rows->size()));
  for (std::int64_t i = 0; i < rows->size(); ++i) {
    candidates[static_cast<std::size_t>(i)] = {ranks[static_cast<std::size_t>(rows->label_number(i))],
                                               PathHash(rows->row(i).path)};
  }
  rows->Keep(SpreadSample(candidates, count));
}

/// Says for how many images a pattern finds no label: most often the pattern is mistaken.
void NoteMissingLabels(const LabelRule& rule, const Labeler& labeler, InputImages* images) {
  if (rule.kind != LabelRule::Kind::kRegex) return;
  const ManifestRows& rows = images->rows;
  std::int64_t missing = 0;
  std::string first;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const ManifestRow row = rows.row(i);
    if (!row.label.empty() || !labeler.LabelOf(row.path, {}).empty()) continue;
    if (missing++ == 0) first = row.path;
  }
  if (missing == 0) return;
  images->messages.push_back("--label-from: the pattern \"" + rule.pattern + "\" finds no label in " +
                             HumanCount(missing) + " of " + HumanCount(rows.size()) + " paths, such as " + first +
                             "; the label is empty there");
}

/// All that the input holds, unsorted, without what its names leave out.
Result<InputImages> AllImages(const RunOptions& options, const Location& input, const Labeler& labeler,
                              const Cancellation* cancellation) {
  InputImages images;
  images.rows = ManifestRows("", MemoryAllowed(options.memory) / 2);
  InputNames names(options.include_skipped);
  if (IsListFile(options.input)) {
    ARROW_RETURN_NOT_OK(AddTable(input, options.columns, labeler, &names, &images, cancellation));
  } else if (IsInventory(input.path)) {
    ARROW_RETURN_NOT_OK(ReadInventory(input, labeler, &names, &images.rows, cancellation));
  } else if (IsPackedFile(input.path)) {
    ARROW_RETURN_NOT_OK(AddPackedFile(input, labeler, &names, &images, cancellation));
  } else {
    ARROW_RETURN_NOT_OK(AddFolder(input, options.columns, labeler, cancellation, &names, &images));
  }
  names.LeaveOutSkipped(&images.rows);
  images.rows.set_skipped(names.skipped());
  if (images.rows.size() > 0) return images;
  const std::int64_t skipped = names.skipped().total();
  return UsageError("no images in " + (input.display.empty() ? std::string(".") : input.display) +
                    ": name a folder that holds images, or folders of images, as INPUT" +
                    (skipped == 0 ? ""
                                  : "; files skipped because of their names: " + HumanCount(skipped) +
                                        "; --include-skipped brings them in"));
}

}  // namespace

Result<InputImages> ListInput(const RunOptions& options, const Location& input, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const Labeler labeler, Labeler::Make(options.label_from));
  ARROW_ASSIGN_OR_RAISE(InputImages images, AllImages(options, input, labeler, cancellation));
  images.rows.Sort();
  if (!options.include.empty() || !options.exclude.empty()) {
    const std::int64_t before = images.rows.size();
    images.rows.Keep(RowsThatPass(options, images.rows));
    if (images.rows.size() == 0) {
      return UsageError("--include and --exclude leave none of the " + HumanCount(before) + " files in " +
                        input.display);
    }
  }
  ARROW_RETURN_NOT_OK(images.rows.CheckPaths());
  if (options.sample && *options.sample < images.rows.size()) KeepSample(*options.sample, &images.rows);
  if (options.limit && *options.limit < images.rows.size()) {
    std::vector<std::int64_t> first(static_cast<std::size_t>(*options.limit));
    std::iota(first.begin(), first.end(), std::int64_t{0});
    images.rows.Keep(first);
  }
  NoteMissingLabels(options.label_from, labeler, &images);
  return images;
}

std::string ManifestPrefix(std::string_view text, const Location& input) {
  return IsListFile(text) ? ListPrefix(input) : FolderPrefix(input);
}

ImagePlaces::ImagePlaces(const Location& input, const RunOptions& options)
    : ImagePlaces(input, options.columns, options.allow_hosts,
                  MostImageBytes(MemoryAllowed(options.memory), options.decode.max_pixels)) {}

ImagePlaces::ImagePlaces(const Location& input, const InputColumns& columns, std::vector<std::string> allowed_hosts,
                         std::int64_t most_bytes)
    : source_(UriSource::Data(std::move(allowed_hosts)).With(input)),
      root_(IsListFile(input.path) || IsPackedFile(input.path) ? input.Parent() : input),
      remote_(IsListFile(input.path) || !input.is_local()),
      most_bytes_(most_bytes),
      parquet_(std::make_unique<ParquetImages>(columns, CurrentStoreOptions().read_ahead, most_bytes)) {}

Result<Location> ImagePlaces::Place(std::string_view key) const {
  const bool uri = key.find("://") != std::string_view::npos;
  if (!uri && !key.starts_with('/')) return root_.Child(key);
  if (!uri) return Location::Parse(key);
  ARROW_RETURN_NOT_OK(source_.Check(key));
  // Opening a store costs connections: once for each folder that the list names.
  const std::size_t slash = key.rfind('/');
  const std::string_view folder = key.substr(0, slash);
  const std::string_view name = key.substr(slash + 1);
  if (name.find('%') != std::string_view::npos) return Location::Parse(key);
  {
    const std::lock_guard lock(mutex_);
    const auto found = folders_.find(folder);
    if (found != folders_.end()) return found->second.Child(name);
  }
  ARROW_ASSIGN_OR_RAISE(Location place, Location::Parse(folder));
  const std::lock_guard lock(mutex_);
  return folders_.emplace(std::string(folder), std::move(place)).first->second.Child(name);
}

Status ReadImage(const ImagePlaces& places, const ManifestRow& image, ByteBuffer* bytes,
                 const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const Location place, places.Place(image.key));
  const FileVersion expected{image.size, image.mtime_ns, image.etag, places.most_bytes()};
  if (image.offset < 0) return ReadObject(place, expected, bytes);
  if (IsParquetFile(image.key)) return places.parquet().Read(place, expected, image.offset, bytes, cancellation);
  return ReadRange(place, expected, image.offset, image.size, bytes);
}

}  // namespace pomona
