#pragma once

#include <string>

#include "cli/command.h"
#include "pomona/base/status.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/pipeline/progress.h"

namespace pomona::cli {

/// \brief Where a model's weights are: "in the model cache, 59 MB", "part of the program", "not here; ...".
std::string WhereModelIs(const RegistryModel& model, const ModelCache& cache);

/// \brief What `pomona models list` prints: one line a model, with a heading.
std::string ModelList(const ModelRegistry& registry, const ModelCache& cache);

/// \brief What `pomona models info` prints.
std::string ModelInfo(const RegistryModel& model, const ModelCache& cache);

/// \brief Fetches a model into the cache; what happens is told to the listener, a download as a stage.
Status FetchNamedModel(const std::string& name, ProgressListener* progress, const CommandContext& context);

}  // namespace pomona::cli
