#include "pomona/features/int8_ranges.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace pomona {

Result<std::vector<float>> ChooseInt8Ranges(MatrixView<const float> maxima) {
  if (maxima.rows < 1) return Status::Invalid("int8 ranges are measured on at least one image");
  std::vector<float> ranges;
  for (std::int64_t layer = 0; layer < maxima.cols; ++layer) {
    float largest = 0;
    bool finite = true;
    for (std::int64_t image = 0; image < maxima.rows; ++image) {
      finite = finite && std::isfinite(maxima(image, layer));
      largest = std::max(largest, maxima(image, layer));
    }
    if (!finite || largest <= 0) {
      return Status::Invalid("convolution ", layer + 1, " gives ", finite ? "no positive" : "non-finite",
                             " values for the sample's images: it cannot be quantised to int8");
    }
    ranges.push_back(largest);
  }
  return ranges;
}

}  // namespace pomona
