#include "pomona/pipeline/generation_change.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/pipeline/generation.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/copy_file.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/list_if_there.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

/// Names in run.json that have one fixed place: neither a part nor `_SUCCESS`.
bool HasFixedPlace(const std::string& name) {
  return !IsPartName(name) && name != output_names::kSuccess && !name.starts_with(output_names::kState);
}

Result<std::vector<std::string>> FilesOf(const Json& run) {
  if (!run.contains("files")) return std::vector<std::string>();
  return ContainedNames(run, "files", output_names::kRun);
}

Status WriteRun(const OutputFolder& output, const Json& run) {
  const std::string text = run.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return WriteAtomically(output.root().Child(output_names::kRun), text);
}

Result<Json> ReadRun(const OutputFolder& output, std::string_view name) {
  const Location place = output.root().Child(name);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind != PlaceKind::kFile) return Json(nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  return ParseJson(text, place.display);
}

/// Gives the files of the present generation a second place and lets run.json name that.
Status Preserve(const OutputFolder& output) {
  const int current = output.generation().current;
  const auto kept = [&](const std::string& name) { return NameInGeneration(name, current, true); };
  ARROW_ASSIGN_OR_RAISE(Json run, ReadRun(output, output_names::kRun));
  if (!run.is_object()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> before, FilesOf(run));
  std::vector<std::string> files;
  for (const std::string& name : before) {
    if (name.starts_with(output_names::kState)) return Status::OK();  // done by an earlier call
    if (name == output_names::kSuccess) continue;
    if (HasFixedPlace(name)) ARROW_RETURN_NOT_OK(CopyFile(output.root().Child(name), output.root().Child(kept(name))));
    files.push_back(name == output_names::kRun || IsPartName(name) ? name : kept(name));
  }
  run["files"] = files;
  return WriteRun(output, run);
}

bool IsStateName(const std::string& name) { return name.starts_with(output_names::kState); }

/// Deletes what generations left below `_pomona/`.
///
/// \param[in] goes decides by generation and name as in generation 1
Status RemoveState(const OutputFolder& output, const std::function<bool(int, const std::string&)>& goes) {
  ListingOptions all;
  all.include_skipped = true;
  const Location state = output.root().Child(output_names::kState);
  ARROW_ASSIGN_OR_RAISE(const Listing listing, ListIfThere(state, all));
  std::set<std::string> folders;
  for (const ListedFile& file : listing.files) {
    const std::optional<GenerationFile> own = output.OwnStateFile(file.path);
    if (!own || !goes(own->generation, own->name)) continue;
    if (IsStateName(own->name) && !IsStateOfGeneration(own->name)) continue;  // one for all generations
    ARROW_RETURN_NOT_OK(RemoveFile(state.Child(file.path)));
    for (std::size_t slash = file.path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = file.path.rfind('/', slash - 1)) {
      folders.insert(file.path.substr(0, slash));
    }
  }
  // The longest names first: a folder after those in it.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    ARROW_RETURN_NOT_OK(RemoveFolderIfEmpty(state.Child(*folder)));
  }
  return Status::OK();
}

/// Puts the files of a committed generation where they belong.
Status Publish(const OutputFolder& output, int generation) {
  const auto staged = [&](std::string_view name) { return NameInGeneration(name, generation, true); };
  ARROW_ASSIGN_OR_RAISE(const Json run, ReadRun(output, staged(output_names::kRun)));
  if (!run.is_object()) return Status::OK();  // an earlier call came that far
  Json meanwhile = run;
  std::vector<std::string> places;
  std::vector<std::string> to_copy;
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> files, FilesOf(run));
  for (const std::string& name : files) {
    if (name == output_names::kSuccess) continue;
    if (!HasFixedPlace(name) || name == output_names::kRun) {
      places.push_back(name);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(output.root().Child(staged(name))));
    if (kind == PlaceKind::kFile) to_copy.push_back(name);
    places.push_back(kind == PlaceKind::kFile ? staged(name) : name);
  }
  meanwhile["files"] = places;
  ARROW_RETURN_NOT_OK(WriteRun(output, meanwhile));
  for (const std::string& name : to_copy) {
    ARROW_RETURN_NOT_OK(CopyFile(output.root().Child(staged(name)), output.root().Child(name)));
  }
  return WriteRun(output, run);
}

}  // namespace

Status StartGeneration(OutputFolder* output, std::string_view command, const Json& details) {
  const Generation& generation = output->generation();
  const int number = generation.changing() ? generation.target : generation.current + 1;
  ARROW_RETURN_NOT_OK(output->BeginChange());
  ARROW_RETURN_NOT_OK(
      output->WriteJson(output_names::kChange,
                        {{"format_version", 1}, {"generation", number}, {"command", command}, {"details", details}}));
  ARROW_RETURN_NOT_OK(output->Refresh());
  return Preserve(*output);
}

Result<Json> GenerationDetails(const OutputFolder& output) {
  ARROW_ASSIGN_OR_RAISE(const Json change, output.ReadJson(output_names::kChange));
  return change.is_object() ? change.value("details", Json()) : Json();
}

Status CommitGeneration(OutputFolder* output, const Json& run) {
  ARROW_RETURN_NOT_OK(output->CheckClaim());
  ARROW_RETURN_NOT_OK(output->WriteJson(output_names::kRun, run));
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> list, FilesOf(run));
  const std::set<std::string> files(list.begin(), list.end());
  std::vector<std::string> obsolete;
  for (const std::string& name : output->files()) {
    if (!files.contains(name)) obsolete.push_back(name);
  }
  ARROW_RETURN_NOT_OK(output->WriteJson(
      output_names::kCurrent,
      {{"format_version", 1}, {"generation", output->generation().target}, {"files", list}, {"obsolete", obsolete}}));
  return FinishGeneration(output);
}

Status FinishGeneration(OutputFolder* output) {
  ARROW_ASSIGN_OR_RAISE(const Json current, output->ReadJson(output_names::kCurrent));
  ARROW_ASSIGN_OR_RAISE(const int generation, JsonField<int>(current, "generation", output_names::kCurrent));
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> obsolete,
                        ContainedNames(current, "obsolete", output_names::kCurrent));
  ARROW_RETURN_NOT_OK(Publish(*output, generation));
  for (const std::string& name : obsolete) {
    if (name != output_names::kSuccess) ARROW_RETURN_NOT_OK(RemoveFile(output->root().Child(name)));
  }
  const auto goes = [&](int number, const std::string& name) {
    if (number == generation) return !IsStateName(name) && name != output_names::kRun;
    return number < generation;
  };
  ARROW_RETURN_NOT_OK(RemoveState(*output, goes));
  // Last, because while it is there all of this is done again.
  ARROW_RETURN_NOT_OK(RemoveFile(output->root().Child(NameInGeneration(output_names::kRun, generation, true))));
  ARROW_RETURN_NOT_OK(RemoveFolderIfEmpty(output->root().Child(output_names::kModel)));
  ARROW_RETURN_NOT_OK(output->ForgetFiles(obsolete));
  ARROW_RETURN_NOT_OK(RemoveFile(output->root().Child(output_names::kChange)));
  ARROW_RETURN_NOT_OK(output->Refresh());
  return output->Finish();
}

Status AbandonGeneration(OutputFolder* output) {
  const Generation generation = output->generation();
  if (!generation.changing()) return Status::OK();
  std::vector<std::string> parts;
  for (const std::string& name : output->files()) {
    if (IsPartName(name) && GenerationOfPart(name) == generation.target) parts.push_back(name);
  }
  for (const std::string& name : parts) ARROW_RETURN_NOT_OK(RemoveFile(output->root().Child(name)));
  ARROW_RETURN_NOT_OK(output->ForgetFiles(parts));
  const std::string kept_run = NameInGeneration(output_names::kRun, generation.current, true);
  ARROW_ASSIGN_OR_RAISE(const Json run, ReadRun(*output, kept_run));
  if (run.is_object()) ARROW_RETURN_NOT_OK(WriteRun(*output, run));
  ARROW_RETURN_NOT_OK(RemoveState(*output, [&](int number, const std::string& name) {
    return number == generation.target || (number == generation.current && !IsStateName(name));
  }));
  ARROW_RETURN_NOT_OK(RemoveFile(output->root().Child(output_names::kChange)));
  ARROW_RETURN_NOT_OK(output->Refresh());
  return output->Finish();
}

}  // namespace pomona
