#include "pomona/pipeline/packed_folder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "pomona/base/json.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/pack_shard.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

std::string_view NameIn(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash));
}

/// The folder whose `_pomona/` holds a file; nothing for another file.
std::optional<std::string> FolderOfState(std::string_view path) {
  constexpr std::string_view kState = "_pomona/";
  const std::size_t at = path.starts_with(kState) ? 0 : path.find("/_pomona/");
  if (at == std::string_view::npos) return std::nullopt;
  return std::string(path.substr(0, at));
}

/// A JSON file of a folder; null where it is missing or no JSON.
Result<Json> JsonAt(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind != PlaceKind::kFile) return Json();
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  return ParseJson(text, place.display).ValueOr(Json());
}

std::string Shown(const Location& folder) { return folder.display.empty() ? "." : folder.display; }

/// The names of what a closed folder holds; nothing where it is not a pack's.
///
/// \return UsageError where the closing record is missing
Result<std::optional<std::set<std::string>>> FilesOfPack(const Location& folder) {
  ARROW_ASSIGN_OR_RAISE(const Json stored, JsonAt(folder.Child(output_names::kOptions)));
  if (!stored.is_object() || stored.value("command", Json()) != Json("pack")) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const PlaceKind success, KindOfPlace(folder.Child(output_names::kSuccess)));
  if (success != PlaceKind::kFile) {
    const Json options = stored.value("options", Json());
    const Json input = options.is_object() ? options.value("input", Json()) : Json();
    return UsageError("INPUT: the packed folder " + Shown(folder) + " is not finished: it has no " +
                      std::string(output_names::kSuccess) + ". Give the command that packs it, `pomona pack " +
                      (input.is_string() ? input.get<std::string>() : std::string("INPUT")) + " --output " +
                      Shown(folder) +
                      "` with the options it had, and it goes on (with a higher --max-failures where too many images "
                      "could not be read), or wait until it ends");
  }
  ARROW_ASSIGN_OR_RAISE(const Json run, JsonAt(folder.Child(output_names::kRun)));
  const auto files = JsonField<std::vector<std::string>>(run, "files", output_names::kRun);
  if (files.ok()) return std::set<std::string>(files->begin(), files->end());
  return UsageError("INPUT: the packed folder " + Shown(folder) + " has lost its " + std::string(output_names::kRun) +
                    ", which lists its shards; pack it again with --overwrite");
}

}  // namespace

bool MayBeOfPack(std::string_view path) {
  const std::string_view name = NameIn(path);
  return IsPackShardName(name) || name == output_names::kQuarantine || name == output_names::kRun ||
         name == output_names::kSuccess || FolderOfState(path);
}

Status CheckPackedFolders(const Location& root, std::vector<ListedFile>* files) {
  std::map<std::string, std::set<std::string>> listed;  // names by folder
  listed[""];                                           // the root also where nothing is in it yet
  for (const ListedFile& file : *files) {
    if (!MayBeOfPack(file.path)) continue;
    if (FolderOfState(file.path)) {
      listed[*FolderOfState(file.path)];
    } else {
      listed[FolderOf(file.path)].emplace(NameIn(file.path));
    }
  }
  std::map<std::string, std::set<std::string>> packed;  // what the packs among them hold
  for (const auto& [path, names] : listed) {
    const Location folder = path.empty() ? root : root.Child(path);
    ARROW_ASSIGN_OR_RAISE(std::optional<std::set<std::string>> holds, FilesOfPack(folder));
    if (!holds) continue;
    for (const std::string& name : *holds) {
      if (!IsPackShardName(name) || names.contains(name)) continue;
      return UsageError("INPUT: the packed folder " + Shown(folder) + " lacks " + name +
                        ", which its run.json lists; copy it there again, or pack again with --overwrite");
    }
    packed.emplace(path, std::move(*holds));
  }
  std::erase_if(*files, [&](const ListedFile& file) {
    const std::optional<std::string> state = FolderOfState(file.path);
    const auto pack = packed.find(state ? *state : FolderOf(file.path));
    if (pack == packed.end()) return false;
    const std::string name(NameIn(file.path));
    return state || name == output_names::kSuccess || (pack->second.contains(name) && !IsPackShardName(name));
  });
  return Status::OK();
}

Status CheckPackedFile(const Location& file) {
  if (!IsPackShardName(file.name())) return Status::OK();
  return FilesOfPack(file.Parent()).status();
}

}  // namespace pomona
