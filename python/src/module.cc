#include <nanobind/nanobind.h>

#include "bindings.h"
#include "errors.h"
#include "pomona/base/environment.h"
#include "pomona/storage/store_options.h"

NB_MODULE(_engine, module) {
  module.doc() = "Pomona's engine. Not meant to be used directly: the package pomona is.";
  pomona::SetStoreOptions(pomona::StoreOptions::From(pomona::Environment::Read()));
  pomona::python::BindErrors(module.ptr());
  pomona::python::BindStatistics(module);
  pomona::python::BindReduction(module);
  pomona::python::BindExtractor(module);
  pomona::python::BindModel(module);
  pomona::python::BindJobs(module);
  pomona::python::BindShards(module);
  pomona::python::BindHdfs(module);
  module.def("finish", &pomona::FinishStores, "Closes what stores hold open; at the end of the process.");
}
