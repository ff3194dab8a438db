#pragma once

#include <memory>

#include "pomona/base/status.h"
#include "pomona/features/network_options.h"
#include "pomona/features/vgg16_weights.h"

namespace ov {
class Model;
}

namespace pomona {

/// \brief VGG16 as an OpenVINO graph: uint8 (batch, height, width, 3) to float32 (batch, features).
///
/// \param[in] weights given up layer by layer while the graph takes its own copy in the order of channels OpenVINO
/// wants
/// \return Invalid for sizes or int8 ranges that do not fit
Result<std::shared_ptr<ov::Model>> BuildVgg16Graph(Vgg16Weights weights, const NetworkOptions& options);

}  // namespace pomona
