#pragma once

#include <nanobind/nanobind.h>

/// \file
/// \brief One function a topic, each in the file of its name; module.cc calls them all.

namespace pomona::python {

void BindStatistics(nanobind::module_& module);
void BindReduction(nanobind::module_& module);
void BindExtractor(nanobind::module_& module);
void BindModel(nanobind::module_& module);
void BindJobs(nanobind::module_& module);
void BindShards(nanobind::module_& module);
void BindHdfs(nanobind::module_& module);

}  // namespace pomona::python
