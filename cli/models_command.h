#pragma once

#include <string>

#include "pomona/models/cache.h"
#include "pomona/models/registry.h"

namespace pomona::cli {

/// \brief Where a model's weights are: "in the model cache, 59 MB", "part of the program", "not here; ...".
std::string WhereModelIs(const RegistryModel& model, const ModelCache& cache);

/// \brief What `pomona models list` prints: one line a model, with a heading.
std::string ModelList(const ModelRegistry& registry, const ModelCache& cache);

/// \brief What `pomona models info` prints.
std::string ModelInfo(const RegistryModel& model, const ModelCache& cache);

}  // namespace pomona::cli
