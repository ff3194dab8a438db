#include <memory>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "call.h"
#include "options.h"
#include "pomona/pipeline/image_features.h"
#include "pomona/pipeline/model_folder.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

/// A model and where it lies.
struct SavedModel {
  PipelineModel model;
  Location folder;
};

SavedModel Load(const std::string& uri) {
  return CallEngine([&](const Cancellation*) -> Result<SavedModel> {
    ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(uri));
    ARROW_ASSIGN_OR_RAISE(Location folder, FindModel(place));
    ARROW_ASSIGN_OR_RAISE(PipelineModel model, ReadModel(folder));
    return SavedModel{std::move(model), std::move(folder)};
  });
}

std::unique_ptr<ImageFeatures> Open(const SavedModel& saved, const std::string& options) {
  const RunOptions own = OptionsFromJson(options);
  return CallEngine([&](const Cancellation*) -> Result<std::unique_ptr<ImageFeatures>> {
    ARROW_ASSIGN_OR_RAISE(const RunOptions wanted, WithModel(own, saved.model, saved.folder));
    return ImageFeatures::Make(wanted, saved.model.plan);
  });
}

void Write(const std::string& folder, const std::string& plan, const Reduction& reduction) {
  PipelineModel model;
  model.plan = ValueOrRaise(ParseJson(plan, "plan"));
  model.extractor = model.plan.value("extractor", Json());
  model.options = model.plan.value("recipe", Json());
  model.reduction = reduction;
  CallEngine([&](const Cancellation*) -> Status {
    ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(folder));
    return WriteModel(model, place);
  });
}

}  // namespace

void BindModel(nb::module_& module) {
  nb::class_<SavedModel>(module, "SavedModel", "A model folder: how images become features, and these a projection.")
      .def_prop_ro("place", [](const SavedModel& s) { return s.folder.display; })
      .def_prop_ro("extractor", [](const SavedModel& s) { return s.model.extractor.dump(); })
      .def_prop_ro("options", [](const SavedModel& s) { return s.model.options.dump(); })
      .def_prop_ro("plan", [](const SavedModel& s) { return s.model.plan.dump(); })
      .def_prop_ro("reduction", [](const SavedModel& s) { return s.model.reduction; })
      .def("open_extractor", &Open, nb::arg("options"), "The extractor that the model was fitted with.");
  module.def("write_model", &Write, nb::arg("folder"), nb::arg("plan"), nb::arg("reduction"),
             "Writes a model folder: how a plan makes features, and the reduction that was fitted to them.");
  module.def("load_model", &Load, nb::arg("uri"), "Reads a model folder, or the one in an output.");
}

}  // namespace pomona::python
