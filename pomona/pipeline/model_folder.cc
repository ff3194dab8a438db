#include "pomona/pipeline/model_folder.h"

#include <algorithm>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/features/safetensors.h"
#include "pomona/features/tensor.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/versions.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

Json ReductionJson(const Reduction& reduction) {
  return {{"rows", reduction.rows},
          {"features", reduction.dim()},
          {"components", reduction.kept()},
          {"total_variance", reduction.total_variance},
          {"method", reduction.randomized ? "randomized" : "exact"},
          {"passes", reduction.passes},
          {"residual", reduction.residual}};
}

Status CheckShape(const Tensor& tensor, std::vector<std::int64_t> shape, const std::string& origin) {
  if (tensor.type == ElementType::kFloat64 && tensor.shape == shape) return Status::OK();
  return Status::Invalid(origin, ": ", tensor.name, " is ", ElementTypeName(tensor.type), " ", ShapeText(tensor.shape),
                         ", F64 ", ShapeText(shape), " is wanted");
}

std::vector<double> Values(const Tensor& tensor) {
  const std::span<const double> values = tensor.values<double>();
  return {values.begin(), values.end()};
}

Result<Reduction> ReadReduction(const Json& json, const Location& folder, const std::string& origin) {
  Reduction reduction;
  ARROW_ASSIGN_OR_RAISE(reduction.rows, JsonField<std::int64_t>(json, "rows", origin));
  ARROW_ASSIGN_OR_RAISE(const auto dim, JsonField<std::int64_t>(json, "features", origin));
  ARROW_ASSIGN_OR_RAISE(const auto kept, JsonField<std::int64_t>(json, "components", origin));
  ARROW_ASSIGN_OR_RAISE(reduction.total_variance, JsonField<double>(json, "total_variance", origin));
  ARROW_ASSIGN_OR_RAISE(const auto method, JsonField<std::string>(json, "method", origin));
  ARROW_ASSIGN_OR_RAISE(reduction.passes, JsonField<int>(json, "passes", origin));
  ARROW_ASSIGN_OR_RAISE(reduction.residual, JsonField<double>(json, "residual", origin));
  reduction.randomized = method == "randomized";

  const Location place = folder.Child(kArraysFile);
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenInputFile(place));
  ARROW_ASSIGN_OR_RAISE(const Safetensors arrays, ReadSafetensors(file, place.display));
  ARROW_ASSIGN_OR_RAISE(const Tensor mean, arrays.Find("scaler.mean"));
  ARROW_ASSIGN_OR_RAISE(const Tensor scale, arrays.Find("scaler.scale"));
  ARROW_ASSIGN_OR_RAISE(const Tensor components, arrays.Find("pca.components"));
  ARROW_ASSIGN_OR_RAISE(const Tensor variance, arrays.Find("pca.explained_variance"));
  ARROW_RETURN_NOT_OK(CheckShape(mean, {dim}, place.display));
  ARROW_RETURN_NOT_OK(CheckShape(scale, {dim}, place.display));
  ARROW_RETURN_NOT_OK(CheckShape(components, {kept, dim}, place.display));
  ARROW_RETURN_NOT_OK(CheckShape(variance, {variance.element_count()}, place.display));
  reduction.mean = Values(mean);
  reduction.scale = Values(scale);
  reduction.components = {kept, dim, Values(components)};
  reduction.explained_variance = Values(variance);
  return reduction;
}

/// A model says how images become features, and nothing else: not what is read, nor where anything is written.
Status CheckModelOptions(const Json& options, const std::string& origin) {
  if (!options.is_object()) return Status::Invalid(origin, ": \"options\" must be an object: ", options.dump());
  for (const auto& [name, value] : options.items()) {
    const OptionEntry* entry = FindOption(name);
    if (entry != nullptr && DecidesFeatures(*entry)) continue;
    return Status::Invalid(origin, ": \"options\" sets ",
                           Json(name).dump(-1, ' ', true, Json::error_handler_t::replace),
                           ", which is not among the options that make features; a model may set no other. Remove it, "
                           "or do not trust this model");
  }
  return Status::OK();
}

}  // namespace

Status WriteModel(const PipelineModel& model, const Location& folder) {
  const Reduction& reduction = model.reduction;
  const std::vector<Tensor> tensors = {
      Tensor::FromVector("scaler.mean", {reduction.dim()}, reduction.mean),
      Tensor::FromVector("scaler.scale", {reduction.dim()}, reduction.scale),
      Tensor::FromVector("pca.components", {reduction.kept(), reduction.dim()}, reduction.components.values),
      Tensor::FromVector("pca.explained_variance", {static_cast<std::int64_t>(reduction.explained_variance.size())},
                         reduction.explained_variance)};
  ARROW_ASSIGN_OR_RAISE(const auto arrays, OpenAtomicOutput(folder.Child(kArraysFile)));
  ARROW_RETURN_NOT_OK(WriteSafetensors(tensors, {}, arrays.get()));
  ARROW_RETURN_NOT_OK(arrays->Close());
  const Json pipeline = {{"model_format", kModelFormat},
                         {"made_by", "pomona " + PomonaVersion()},
                         {"extractor", model.extractor},
                         {"options", model.options},
                         {"plan", model.plan},
                         {"reduction", ReductionJson(reduction)},
                         {"arrays", kArraysFile},
                         {"model_file", model.model_file.empty() ? Json(nullptr) : Json(model.model_file)}};
  return WriteAtomically(folder.Child(kPipelineJson),
                         pipeline.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<Location> FindModel(const Location& place) {
  for (const Location& folder : {place, place.Child(output_names::kModel)}) {
    ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder.Child(kPipelineJson)));
    if (kind == PlaceKind::kFile) return folder;
  }
  return UsageError("there is no model in " + place.display +
                    ": name the output of `pomona run` or `pomona fit`, or "
                    "its model/ folder");
}

Result<PipelineModel> ReadModel(const Location& place) {
  ARROW_ASSIGN_OR_RAISE(const Location folder, FindModel(place));
  const std::string origin = folder.Child(kPipelineJson).display;
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(folder.Child(kPipelineJson)));
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(text, origin));
  ARROW_ASSIGN_OR_RAISE(const int format, JsonField<int>(json, "model_format", origin));
  if (format > kModelFormat) {
    return Status::Invalid(origin, " has model_format ", format, "; this program reads up to ", kModelFormat,
                           ": use a newer Pomona");
  }
  PipelineModel model;
  ARROW_ASSIGN_OR_RAISE(model.extractor, JsonField<Json>(json, "extractor", origin));
  ARROW_ASSIGN_OR_RAISE(model.options, JsonField<Json>(json, "options", origin));
  ARROW_RETURN_NOT_OK(CheckModelOptions(model.options, origin));
  ARROW_ASSIGN_OR_RAISE(model.plan, JsonField<Json>(json, "plan", origin));
  ARROW_ASSIGN_OR_RAISE(const Json reduction, JsonField<Json>(json, "reduction", origin));
  ARROW_ASSIGN_OR_RAISE(model.reduction, ReadReduction(reduction, folder, origin));
  const auto file = json.find("model_file");
  if (file != json.end() && file->is_string()) model.model_file = file->get<std::string>();
  if (model.model_file.empty()) return model;
  ARROW_ASSIGN_OR_RAISE(const ContainedName contained, ContainedName::Make(model.model_file, origin));
  if (contained.text().find('/') != std::string::npos) {
    return Status::Invalid(origin, ": \"model_file\" must be a plain name: ", model.model_file);
  }
  return model;
}

Result<RunOptions> WithModel(RunOptions options, const PipelineModel& model, const Location& folder) {
  for (const auto& [name, value] : model.options.items()) ARROW_RETURN_NOT_OK(SetOption(name, value, &options));
  const UriSource source = UriSource::Data(options.allow_hosts).With(folder);
  options.extractor.extractor_source = source;
  if (model.options.contains("weights")) options.extractor.weights_source = source;
  options.auto_precision = false;
  options.components.reset();
  options.variance.reset();
  if (model.model_file.empty()) return options;
  if (!folder.is_local()) {
    return UsageError("MODEL: " + folder.display + " holds the model file " + model.model_file +
                      ", which is read from local folders only: copy the folder here first");
  }
  const bool weights = model.model_file.ends_with(".safetensors") || model.model_file.ends_with(".h5");
  (weights ? options.extractor.weights : options.extractor.extractor) = folder.path + "/" + model.model_file;
  return options;
}

}  // namespace pomona
