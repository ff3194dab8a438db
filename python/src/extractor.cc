#include "extractor.h"

#include <memory>
#include <optional>
#include <string>

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "pomona/base/environment.h"
#include "pomona/base/visible_text.h"
#include "pomona/models/cache.h"
#include "pomona/models/fetch.h"
#include "pomona/models/registry.h"
#include "pomona/pipeline/plan.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

std::unique_ptr<ImageFeatures> Open(const std::string& options) {
  const RunOptions wanted = OptionsFromJson(options);
  return CallEngine([&](const Cancellation*) { return ImageFeatures::Make(wanted); });
}

void Fetch(const std::string& name, const std::string& python) {
  const RegistryModel* const model = ValueOrRaise(ModelRegistry::BuiltIn().Get(name));
  const Environment environment = Environment::Read();
  FetchOptions options;
  options.ca_file = environment.ca_file;
  options.python = python;
  CallEngine([&](const Cancellation* cancellation) {
    options.cancellation = cancellation;
    return FetchModel(*model, ModelCache(environment.model_cache), options);
  });
}

std::string Plan(const ImageFeatures& features, std::int64_t images) {
  PlanInput input;
  input.extractor = &features.opened();
  input.options = &features.options();
  input.images = images;
  input.precision = features.options().extractor.network.precision;
  return MakePlan(input).dump();
}

std::string CachedWeights(const std::string& name) {
  const RegistryModel* const model = ModelRegistry::BuiltIn().Find(name);
  if (model == nullptr || model->embedded) return "";
  const std::optional<CachedModel> cached = ValueOrRaise(ModelCache(Environment::Read().model_cache).Find(*model));
  return cached ? cached->file.string() : "";
}

}  // namespace

Extracted Extract(const ImageFeatures& features, const ImageInputs& inputs) {
  const auto rows = static_cast<std::int64_t>(inputs.images().size());
  const std::int64_t dim = features.extractor().dim();
  auto values = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(rows * dim));
  const std::vector<QuarantineRow> failures = CallEngine([&](const Cancellation* cancellation) {
    return features.Extract(inputs.images(), {values.get(), rows, dim}, cancellation);
  });
  nb::list failed;
  for (const QuarantineRow& row : failures) {
    failed.append(nb::make_tuple(row.index, row.path, row.stage, std::string(FailureCodeName(row.code)),
                                 VisibleText(row.message)));
  }
  return {ToNumpy(std::move(values), rows, dim), failed};
}

void BindExtractor(nb::module_& module) {
  nb::class_<ImageFeatures>(module, "ImageFeatures", "Features of images that are handed over one by one.")
      .def_prop_ro("dim", [](const ImageFeatures& f) { return f.extractor().dim(); })
      .def_prop_ro("image_width", [](const ImageFeatures& f) { return f.extractor().image_width(); })
      .def_prop_ro("image_height", [](const ImageFeatures& f) { return f.extractor().image_height(); })
      .def_prop_ro("batch_size", [](const ImageFeatures& f) { return f.extractor().batch_size(); })
      .def_prop_ro("engine", [](const ImageFeatures& f) { return f.extractor().engine(); })
      .def_prop_ro("weights_sha256", [](const ImageFeatures& f) { return f.extractor().weights_sha256(); })
      .def_prop_ro(
          "description", [](const ImageFeatures& f) { return f.description().dump(); }, "What it says of itself: JSON.")
      .def("plan", &Plan, nb::arg("images"), "The plan of a run that makes these features of so many images: JSON.")
      .def(
          "extract_list",
          [](const ImageFeatures& f, const nb::list& items) { return Extract(f, ImageInputs::FromList(items)); },
          nb::arg("images"))
      .def(
          "extract_arrow",
          [](const ImageFeatures& f, const nb::capsule& schema, const nb::capsule& array) {
            return Extract(f, ImageInputs::FromArrow(schema, array));
          },
          nb::arg("schema"), nb::arg("array"))
      .def(
          "extract_pixels",
          [](const ImageFeatures& f, const ImageInputs::Pixels& pixels) {
            return Extract(f, ImageInputs::FromPixels(pixels));
          },
          nb::arg("pixels"));
  module.def("open_extractor", &Open, nb::arg("options"), "Opens what the options, a JSON object, name.");
  module.def(
      "is_known_extractor",
      [](const std::string& name) { return name == "pixels" || ModelRegistry::BuiltIn().Find(name) != nullptr; },
      nb::arg("name"), "Whether a name is an extractor's; else it is a model file's.");
  module.def("cached_weights", &CachedWeights, nb::arg("name"),
             "The file with an extractor's weights in the model cache, or an empty string.");
  module.def("fetch_model", &Fetch, nb::arg("name"), nb::arg("python"),
             "Brings a model's weights into the cache; `python` is the interpreter whose pip may fetch them.");
}

}  // namespace pomona::python
