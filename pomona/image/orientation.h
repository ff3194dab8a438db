#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pomona/image/image.h"

namespace pomona {

/// \brief The orientation tag (0x0112) in the first directory of an EXIF block (Exif 2.32, a TIFF file of its own).
///
/// \param[in] exif the block, with or without the leading "Exif\0\0"; damaged ones are ignored
/// \return the value of the tag, or 0 when there is none
int ExifOrientation(std::span<const std::uint8_t> exif);

/// \brief The attribute or element `tiff:Orientation` of an XMP packet, which counts where EXIF has no tag.
///
/// \return its digit, or 0 when there is none
int XmpOrientation(std::string_view xmp);

/// \brief Both in order: EXIF first, then XMP; 1 when neither says a value between 1 and 8.
int ImageOrientation(std::span<const std::uint8_t> exif, std::string_view xmp);

/// \brief Turns and mirrors pixels so that they stand upright, as Pillow's `ImageOps.exif_transpose`.
///
/// \param[in] orientation 1 to 8, anything else does nothing. Throws std::bad_alloc for 5 to 8.
void ApplyOrientation(int orientation, Image* image);

}  // namespace pomona
