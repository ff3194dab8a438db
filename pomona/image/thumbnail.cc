#include "pomona/image/thumbnail.h"

#include <algorithm>
#include <cmath>

#include "pomona/image/resize.h"

namespace pomona {
namespace {

constexpr int kQuality = 70;

int Scaled(int side, double scale) { return std::max(1, static_cast<int>(std::lround(side * scale))); }

}  // namespace

Result<std::string> EncodeThumbnail(ImageView image, int longest_side) {
  if (longest_side < 1)
    return Status::Invalid("[EncodeThumbnail] longest_side is ", longest_side, ", must be at least 1");
  const int longer = std::max(image.width, image.height);
  if (longer <= longest_side) return EncodeJpeg(image, kQuality);

  const double scale = static_cast<double>(longest_side) / longer;
  Image small{Scaled(image.width, scale), Scaled(image.height, scale), {}};
  small.pixels.resize(small.view().size_bytes());
  Resizer resizer(small.width, small.height, ResizeFilter::kBicubic);
  ARROW_RETURN_NOT_OK(resizer.Resize(image, small.pixels.data()));
  return EncodeJpeg(small.view(), kQuality);
}

}  // namespace pomona
