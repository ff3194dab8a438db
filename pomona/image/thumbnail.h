#pragma once

#include <string>

#include "pomona/base/status.h"
#include "pomona/image/image.h"

namespace pomona {

/// \brief Writes an image as a baseline JPEG file, chroma halved both ways (4:2:0).
///
/// \param[in] quality 1 to 100, libjpeg's scale
/// \return Invalid for an image that is empty or has a side over 65,500 pixels
Result<std::string> EncodeJpeg(ImageView image, int quality);

/// \brief A small JPEG of an image, for people to look at: about 1.5 kB at 64 pixels.
///
/// Shrinks (bicubic) so that the longer side has `longest_side` pixels, keeping the shape; smaller images keep
/// their size. JPEG quality 70.
///
/// \param[in] longest_side in pixels, at least 1
Result<std::string> EncodeThumbnail(ImageView image, int longest_side);

}  // namespace pomona
