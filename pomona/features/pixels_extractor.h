#pragma once

#include <memory>

#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"

namespace pomona {

/// \brief The pixels themselves as features: RGB values 0 to 255, flattened (height, width, channel).
///
/// \param[in] width, height in pixels, 1 to 4,096
/// \return Invalid for another size
Result<std::unique_ptr<FeatureExtractor>> MakePixelsExtractor(int width, int height);

}  // namespace pomona
