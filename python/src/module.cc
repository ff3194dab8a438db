#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "bindings.h"
#include "errors.h"
#include "pomona/base/environment.h"
#include "pomona/base/visible_text.h"
#include "pomona/storage/store_options.h"

NB_MODULE(_engine, module) {
  module.doc() = "Pomona's engine. Not meant to be used directly: the package pomona is.";
  const auto read_environment = [] {
    pomona::SetStoreOptions(pomona::StoreOptions::From(pomona::Environment::Read()));
  };
  read_environment();
  pomona::python::BindErrors(module.ptr());
  pomona::python::BindStatistics(module);
  pomona::python::BindReduction(module);
  pomona::python::BindExtractor(module);
  pomona::python::BindModel(module);
  pomona::python::BindJobs(module);
  pomona::python::BindShards(module);
  pomona::python::BindHdfs(module);
  module.def("read_environment", read_environment,
             "Takes what the environment says of stores now; what it said before, credentials too, is forgotten. No "
             "job may be under way.");
  module.def("visible_text", &pomona::VisibleText, nanobind::arg("text"),
             "The text as one line that neither a terminal nor a log obeys.");
  module.def("finish", &pomona::FinishStores, "Closes what stores hold open; at the end of the process.");
}
