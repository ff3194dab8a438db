#include "pomona/pipeline/generation.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "pomona/base/json.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

constexpr std::string_view kPartEnd = ".parquet";

}  // namespace

bool IsStateOfGeneration(std::string_view name) {
  using namespace output_names;  // NOLINT(google-build-using-namespace): a list of them
  constexpr std::array kOwn = {kPlan, kManifest, kJoin, kThumbnails};
  for (const std::string_view own : kOwn) {
    if (name == own) return true;
  }
  return name == kShards || name.starts_with(std::string(kShards) + "/");
}

namespace {

std::string StateFolder(int generation) {
  return std::string(output_names::kState) + "/generation-" + std::to_string(generation) + "/";
}

Result<Json> ReadIfThere(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind != PlaceKind::kFile) return Json(nullptr);
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  if (text.empty()) return Json(nullptr);  // of an upload that was interrupted: it never counted
  const Result<Json> json = ParseJson(text, place.display);
  if (json.ok()) return json;
  return json.status().WithMessage(json.status().message() + "; if nobody can mend it, start anew with --overwrite");
}

}  // namespace

Result<Generation> ReadGeneration(const Location& root) {
  Generation generation;
  ARROW_ASSIGN_OR_RAISE(const Json current, ReadIfThere(root.Child(output_names::kCurrent)));
  if (current.is_object()) {
    ARROW_ASSIGN_OR_RAISE(generation.current, JsonField<int>(current, "generation", output_names::kCurrent));
  }
  if (generation.current < 1) {
    return Status::Invalid(output_names::kCurrent, ": generation ", generation.current, " does not exist");
  }
  generation.target = generation.current;
  ARROW_ASSIGN_OR_RAISE(const Json change, ReadIfThere(root.Child(output_names::kChange)));
  if (change.is_object()) {
    ARROW_ASSIGN_OR_RAISE(generation.target, JsonField<int>(change, "generation", output_names::kChange));
    ARROW_ASSIGN_OR_RAISE(generation.command, JsonField<std::string>(change, "command", output_names::kChange));
    generation.committed = generation.target <= generation.current;
    generation.target = std::max(generation.target, generation.current);
  }
  return generation;
}

bool IsPartName(std::string_view name) {
  const bool folder = name.starts_with("features/") || name.starts_with("projection/");
  return folder && name.ends_with(kPartEnd);
}

int GenerationOfPart(std::string_view name) {
  name.remove_suffix(kPartEnd.size());
  const std::size_t mark = name.rfind("-g");
  if (mark == std::string_view::npos) return 1;
  return static_cast<int>(std::strtol(std::string(name.substr(mark + 2)).c_str(), nullptr, 10));
}

std::string NameInGeneration(std::string_view name, int generation, bool staged) {
  if (IsPartName(name)) {
    if (generation == 1) return std::string(name);
    name.remove_suffix(kPartEnd.size());
    return std::string(name) + "-g" + std::to_string(generation) + std::string(kPartEnd);
  }
  if (name == output_names::kState) return std::string(name);
  const std::string state_prefix = std::string(output_names::kState) + "/";
  if (name.starts_with(state_prefix)) {
    if (generation == 1 || !IsStateOfGeneration(name)) return std::string(name);
    return StateFolder(generation) + std::string(name.substr(state_prefix.size()));
  }
  if (!staged || name == output_names::kSuccess || name == output_names::kFeatures ||
      name == output_names::kProjection) {
    return std::string(name);
  }
  return StateFolder(generation) + std::string(name);
}

}  // namespace pomona
