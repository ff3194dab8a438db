#pragma once

#include <memory>

#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"

namespace pomona {

/// \brief The pixels themselves as features: RGB values 0 to 255, flattened (height, width, channel).
///
/// \param[in] width, height in pixels, at least 1
/// \return Invalid for a size below 1
Result<std::unique_ptr<FeatureExtractor>> MakePixelsExtractor(int width, int height);

}  // namespace pomona
