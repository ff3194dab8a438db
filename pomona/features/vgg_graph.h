#pragma once

#include <memory>

#include "pomona/base/status.h"
#include "pomona/features/network_options.h"
#include "pomona/features/vgg_weights.h"

namespace ov {
class Model;
}

namespace pomona {

/// \brief VGG16 or VGG19 as an OpenVINO graph: uint8 (batch, height, width, 3) to float32 (batch, features).
///
/// \param[in] weights given up layer by layer while the graph takes its own copy in the order of channels OpenVINO
/// wants
/// \return Invalid for sizes or int8 ranges that do not fit
Result<std::shared_ptr<ov::Model>> BuildVggGraph(VggWeights weights, const NetworkOptions& options);

}  // namespace pomona
