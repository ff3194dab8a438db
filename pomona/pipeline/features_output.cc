#include "pomona/pipeline/features_output.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "pomona/pipeline/generation.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/storage/file_io.h"

namespace pomona {

Result<bool> FeaturesOutput::IsAt(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(const Generation generation, ReadGeneration(place));
  if (generation.current > 1) return true;
  for (const Location& folder : {place.Child(output_names::kFeatures), place}) {
    ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder.Child("part-00000.parquet")));
    if (kind == PlaceKind::kFile) return true;
  }
  return false;
}

Result<FeaturesOutput> FeaturesOutput::Open(std::string_view text) {
  FeaturesOutput output;
  ARROW_ASSIGN_OR_RAISE(output.root, Location::Parse(text));
  Location folder = output.root.Child(output_names::kFeatures);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind own, KindOfPlace(output.root.Child("part-00000.parquet")));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind above, KindOfPlace(output.root.Parent().Child(output_names::kMarker)));
  const bool of_output = output.root.name() == output_names::kFeatures && above == PlaceKind::kFile;
  if (own == PlaceKind::kFile || of_output) {
    folder = output.root;
    output.root = folder.Parent();
  }
  if (folder.is_local()) output.root.beneath = folder.beneath = output.root.path;
  ARROW_ASSIGN_OR_RAISE(const Generation generation, ReadGeneration(output.root));
  output.generation = generation.current;
  const Location join = output.root.Child(NameInGeneration(output_names::kJoin, generation.current, false));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind joined, KindOfPlace(join));
  if (joined == PlaceKind::kFile) {
    ARROW_ASSIGN_OR_RAISE(output.rows, FeatureRows::OfOutput(output.root, generation.current));
    ARROW_RETURN_NOT_OK(output.rows->CheckNoOthers(folder, generation.current));
  } else {
    ARROW_ASSIGN_OR_RAISE(output.rows, FeatureRows::Open(folder));
  }
  ARROW_ASSIGN_OR_RAISE(output.plan, ParseJson(output.rows->info().plan, folder.display + ": plan"));
  return output;
}

Location FeaturesOutput::Thumbnails() const {
  return root.Child(NameInGeneration(output_names::kThumbnails, generation, false));
}

std::string FeaturesOutput::ModelFile() const {
  const Json recipe = plan.value("recipe", Json::object());
  const auto extractor = recipe.find("extractor");
  if (extractor == recipe.end() || !extractor->is_string()) return {};
  const std::filesystem::path path(extractor->get<std::string>());
  std::error_code error;
  const bool model = path.has_extension() || std::filesystem::exists(path / "saved_model.pb", error);
  return model && std::filesystem::exists(path, error) ? path.string() : std::string();
}

}  // namespace pomona
