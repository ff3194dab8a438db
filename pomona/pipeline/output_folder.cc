#include "pomona/pipeline/output_folder.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/generation_change.h"
#include "pomona/pipeline/model_folder.h"
#include "pomona/pipeline/pack_shard.h"
#include "pomona/pipeline/versions.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/list_if_there.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

using namespace output_names;  // NOLINT(google-build-using-namespace): the names of this very class

/// Files that Pomona makes below `_pomona/`, and parts that a killed process left behind.
bool IsStateFile(const std::string& name) {
  static const std::regex kNames(
      R"((output|files|options|current|change|plan|join|lock-\d{4,})\.json|manifest\.parquet|thumbnails\.arrow|)"
      R"(shards/\d{5,}\.json|shards/\d{5,}-[0-9a-f]{16}\.arrow|(.*/)?\.pomona-[0-9a-f-]+\.part)");
  return std::regex_match(name, kNames);
}

bool IsLeftover(std::string_view name) { return name.starts_with(".pomona-") && name.ends_with(".part"); }

/// The folders that hold listed files, those below before those above.
std::vector<std::string> FoldersOf(const Listing& listing) {
  std::set<std::string, std::greater<>> folders;
  for (const ListedFile& file : listing.files) {
    for (std::size_t slash = file.path.rfind('/'); slash != std::string::npos;
         slash = file.path.rfind('/', slash - 1)) {
      folders.insert(file.path.substr(0, slash));
      if (slash == 0) break;
    }
  }
  return {folders.begin(), folders.end()};
}

/// What a process that was killed while it made the marker leaves behind.
bool IsBeginning(std::string_view path) {
  if (!path.starts_with("_pomona/")) return false;
  path.remove_prefix(path.find('/') + 1);
  return IsLeftover(path) || OutputLock::IsLockName(path);
}

/// Files looked at in a folder without the marker: more than killed processes leave behind.
constexpr std::int64_t kForeignLook = 100;

Result<std::vector<std::string>> ReadFileList(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(text, place.display));
  return ContainedNames(json, "files", place.display);
}

/// Where the list of files is broken, as an interrupted upload leaves it: the files that have names of Pomona's. Others
/// may be somebody's own.
Result<std::vector<std::string>> FilesByName(const Location& root) {
  constexpr std::array kFixed = {kProjectionCsv, kExplainedVariance, kQuarantine, kReport, kRun};
  static const std::regex kParts(R"((features|projection)/part-\d{5,}(-g\d+)?\.parquet)");
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(root));
  std::vector<std::string> names = {std::string(kSuccess)};
  for (const ListedFile& file : listing.files) {
    const bool of_model = file.path == std::string(kModel) + "/" + std::string(kPipelineJson) ||
                          file.path == std::string(kModel) + "/" + std::string(kArraysFile);
    const bool fixed = std::find(kFixed.begin(), kFixed.end(), file.path) != kFixed.end();
    const bool part = std::regex_match(file.path, kParts) || IsPackShardName(file.path);
    if (fixed || of_model || part) names.push_back(file.path);
  }
  return names;
}

/// A plan without content comes from an upload that was interrupted, and never counted: shards beside it belong to no
/// plan that is known.
Status ForgetBrokenPlan(const Location& plan, const Location& shards) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<ListedFile> file, FindFile(plan));
  if (!file || file->size != 0) return Status::OK();
  ListingOptions all;
  all.include_skipped = true;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(shards, all));
  for (const ListedFile& shard : listing.files) ARROW_RETURN_NOT_OK(RemoveFile(shards.Child(shard.path)));
  return RemoveFile(plan);
}

/// The first file in a folder without the marker that no run can have left there; empty when there is none.
Result<std::string> ForeignFile(const Location& root) {
  ListingOptions any;
  any.include_skipped = true;
  any.max_files = kForeignLook;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(root, any));
  for (const ListedFile& file : listing.files) {
    if (!IsBeginning(file.path)) return file.path;
  }
  return std::string();
}

}  // namespace

std::string PartName(std::string_view folder, std::int64_t part) {
  std::string digits = std::to_string(part);
  if (digits.size() < 5) digits.insert(0, 5 - digits.size(), '0');
  return std::string(folder) + "/part-" + digits + ".parquet";
}

Result<OutputFolder> OutputFolder::Open(std::string_view text, bool to_clear) {
  ARROW_ASSIGN_OR_RAISE(Location root, Location::Parse(text));
  if (root.is_local()) root.beneath = root.path;
  OutputFolder output(std::move(root));
  output.to_clear_ = to_clear;
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(output.root_));
  output.was_missing_ = kind == PlaceKind::kMissing;
  if (output.was_missing_) return output;
  if (kind == PlaceKind::kFile) {
    return UsageError("--output: " + output.display() + " is a file; name a folder that is empty or not there yet");
  }
  ARROW_ASSIGN_OR_RAISE(PlaceKind marker, KindOfPlace(output.Place(kMarker)));
  if (marker == PlaceKind::kMissing) {
    ARROW_ASSIGN_OR_RAISE(const std::string foreign, ForeignFile(output.root_));
    if (foreign.empty()) return output;
    ARROW_ASSIGN_OR_RAISE(marker, KindOfPlace(output.Place(kMarker)));  // another run may just have begun
    if (marker == PlaceKind::kMissing) {
      return UsageError("--output: " + output.display() + " holds files that are not Pomona's, such as " + foreign +
                        "; name a folder that is empty or not there yet");
    }
  }
  ARROW_RETURN_NOT_OK(output.Refresh());
  return output;
}

Status OutputFolder::Refresh() {
  ARROW_ASSIGN_OR_RAISE(const std::optional<ListedFile> list, FindFile(Place(kFiles)));
  if (list) {
    Result<std::vector<std::string>> named = ReadFileList(Place(kFiles));
    if (named.status().IsInvalid()) named = FilesByName(root_);
    ARROW_ASSIGN_OR_RAISE(files_, std::move(named));
  }
  Result<Generation> generation = ReadGeneration(root_);
  if (generation.status().IsInvalid() && to_clear_) generation = Generation();
  ARROW_ASSIGN_OR_RAISE(generation_, std::move(generation));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind success, KindOfPlace(Place(kSuccess)));
  state_ = success == PlaceKind::kFile ? State::kFinished : State::kUnfinished;
  return Status::OK();
}

std::optional<GenerationFile> OutputFolder::OwnStateFile(const std::string& name) const {
  constexpr std::string_view kFolder = "generation-";
  const std::string state_prefix = std::string(kState) + "/";
  if (!name.starts_with(kFolder)) {
    return IsStateFile(name) ? std::optional(GenerationFile{1, state_prefix + name}) : std::nullopt;
  }
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const int number = static_cast<int>(std::strtol(name.c_str() + kFolder.size(), nullptr, 10));
  const std::string rest = name.substr(slash + 1);
  if (IsStateFile(rest)) return GenerationFile{number, state_prefix + rest};
  const bool named = rest == kRun || std::find(files_.begin(), files_.end(), rest) != files_.end();
  return named ? std::optional(GenerationFile{number, rest}) : std::nullopt;
}

std::string OutputFolder::DisplayOf(std::string_view name) const {
  if (root_.display.empty()) return std::string(name);
  return root_.display + (root_.display.ends_with('/') ? "" : "/") + std::string(name);
}

Status OutputFolder::CheckApartFrom(const Location& other, std::string_view what) const {
  const bool inside = Contains(other, root_);
  const bool around = Contains(root_, other);
  if (!inside && !around) return Status::OK();
  const std::string relation = inside && around ? " is " : inside ? " lies in " : " holds ";
  return UsageError("--output: " + display() + relation + std::string(what) + " " +
                    (other.display.empty() ? std::string(".") : other.display) +
                    "; name a place outside, so that results are never taken for input");
}

Status OutputFolder::Mark() {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind marker, KindOfPlace(Place(kMarker)));
  if (marker == PlaceKind::kFile) return Status::OK();
  const Status written = WriteJson(kMarker, {{"format_version", 1}, {"made_by", "pomona " + PomonaVersion()}});
  if (written.ok()) return Status::OK();
  // A run that claimed the output meanwhile takes unfinished files for leftovers; then its marker is there.
  ARROW_ASSIGN_OR_RAISE(const PlaceKind now, KindOfPlace(Place(kMarker)));
  return now == PlaceKind::kFile ? Status::OK() : written;
}

Status OutputFolder::Claim(const Cancellation* cancellation) {
  was_new_ = was_new_ || state_ == State::kNew;
  ARROW_RETURN_NOT_OK(MakeFolders(Place(kState)));
  ARROW_RETURN_NOT_OK(Mark());
  if (lock_) return Refresh();
  ARROW_ASSIGN_OR_RAISE(lock_, OutputLock::Acquire(Place(kState), display(), LockOptions(), cancellation));
  ARROW_RETURN_NOT_OK(Mark());  // the run before may have taken it along as it ended
  ARROW_RETURN_NOT_OK(Refresh());
  ARROW_RETURN_NOT_OK(RemoveLeftovers());
  ARROW_RETURN_NOT_OK(ForgetBrokenPlan(Place(kPlan), Place(kShards)));
  return generation_.committed ? FinishGeneration(this) : Status::OK();
}

void OutputFolder::Undo() {
  // Best effort: the error that led here is the one to report.
  if (was_new_) static_cast<void>(Clear(nullptr));
  Release();
  if (was_missing_) static_cast<void>(RemoveFolderIfEmpty(root_));
}

void OutputFolder::Release() {
  if (!lock_) return;
  lock_.reset();
  // Best effort: an empty folder does no harm.
  if (state_ == State::kNew) static_cast<void>(RemoveFolderIfEmpty(Place(kState)));
}

Status OutputFolder::RemoveLeftovers() const {
  if (!root_.is_local()) return Status::OK();
  std::vector<Location> folders = {root_};
  for (const std::string_view folder : {kState, kFeatures, kProjection, kModel}) folders.push_back(root_.Child(folder));
  if (generation_.changing()) {
    folders.push_back(Place(kModel));
    folders.push_back(Place(kModel).Parent());
  }
  for (const Location& place : folders) {
    ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
    if (kind != PlaceKind::kFolder) continue;
    ListingOptions flat;
    flat.include_skipped = true;
    flat.recursive = false;
    ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(place, flat));
    for (const ListedFile& file : listing.files) {
      if (IsLeftover(file.path)) ARROW_RETURN_NOT_OK(RemoveFile(place.Child(file.path)));
    }
  }
  return Status::OK();
}

Status OutputFolder::Clear(const Cancellation* cancellation) {
  if (state_ == State::kNew) return Status::OK();
  ARROW_RETURN_NOT_OK(Claim(cancellation));
  ARROW_RETURN_NOT_OK(BeginChange());
  ARROW_RETURN_NOT_OK(RemoveLeftovers());
  const std::vector<std::string> named = files_;
  for (const std::string& name : named) ARROW_RETURN_NOT_OK(RemoveFile(root_.Child(name)));
  for (const std::string_view folder : {kFeatures, kProjection, kModel}) {
    ARROW_RETURN_NOT_OK(RemoveFolderIfEmpty(root_.Child(folder)));
  }
  const Location state = root_.Child(kState);
  ListingOptions all;
  all.include_skipped = true;
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(state, all));
  for (const ListedFile& file : listing.files) {
    // The marker and the list of files go last: an interrupted deletion can be taken up again.
    if (file.path == "output.json" || file.path == "files.json" || OutputLock::IsLockName(file.path)) continue;
    if (OwnStateFile(file.path)) ARROW_RETURN_NOT_OK(RemoveFile(state.Child(file.path)));
  }
  for (const std::string& folder : FoldersOf(listing)) ARROW_RETURN_NOT_OK(RemoveFolderIfEmpty(state.Child(folder)));
  ARROW_RETURN_NOT_OK(RemoveFile(Place(kFiles)));
  ARROW_RETURN_NOT_OK(RemoveFile(Place(kMarker)));
  files_.clear();
  generation_ = Generation();
  state_ = State::kNew;
  return Status::OK();
}

Status OutputFolder::WriteFileList() const { return WriteJson(kFiles, {{"files", files_}}); }

Status OutputFolder::NameFiles(std::span<const std::string> names) {
  std::set<std::string> all(files_.begin(), files_.end());
  const std::size_t before = all.size();
  for (const std::string& name : names) all.insert(IsPartName(name) ? NameOf(name) : name);
  if (all.size() == before) return Status::OK();
  ARROW_RETURN_NOT_OK(CheckClaim());
  files_.assign(all.begin(), all.end());
  return WriteFileList();
}

Status OutputFolder::ForgetFiles(std::span<const std::string> names) {
  const auto gone = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (std::erase_if(files_, gone) == 0) return Status::OK();
  return WriteFileList();
}

Status OutputFolder::RemoveFiles(std::span<const std::string> names) const {
  for (const std::string& name : names) {
    if (std::find(files_.begin(), files_.end(), name) == files_.end()) continue;
    ARROW_RETURN_NOT_OK(RemoveFile(IsPartName(name) ? root_.Child(name) : Place(name)));
  }
  for (const std::string_view folder : {kFeatures, kProjection, kModel}) {
    ARROW_RETURN_NOT_OK(RemoveFolderIfEmpty(Place(folder)));
  }
  return Status::OK();
}

Status OutputFolder::BeginChange() {
  if (state_ == State::kFinished) state_ = State::kUnfinished;
  return RemoveFile(Place(kSuccess));
}

Status OutputFolder::Finish() {
  ARROW_RETURN_NOT_OK(NameFile(std::string(kSuccess)));
  ARROW_RETURN_NOT_OK(CheckClaim());
  ARROW_RETURN_NOT_OK(WriteAtomically(Place(kSuccess), ""));
  state_ = State::kFinished;
  return Status::OK();
}

Result<Json> OutputFolder::ReadJson(std::string_view name) const {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(Place(name)));
  if (kind != PlaceKind::kFile) return Json(nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(Place(name)));
  if (text.empty()) return Json(nullptr);  // of an upload that was interrupted: it never counted
  const Result<Json> json = ParseJson(text, DisplayOf(name));
  if (json.ok()) return json;
  return json.status().WithMessage(json.status().message() + "; if nobody can mend it, start anew with --overwrite");
}

Status OutputFolder::WriteJson(std::string_view name, const Json& value) const {
  // Paths are valid UTF-8 by construction; anything else is replaced rather than refused at the very end of a run.
  return WriteAtomically(Place(name), value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace pomona
