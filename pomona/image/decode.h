#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/image/image.h"

namespace pomona {

struct DecodeOptions {
  /// Images with more pixels than this, by their header, are refused before anything is allocated.
  std::int64_t max_pixels = 178'956'970;

  /// Seconds that one image may take; JPEG, PNG, GIF, TIFF and BMP are left at the next row, strip or tile.
  std::int64_t timeout_s = 60;

  /// Turn and mirror the pixels as the EXIF orientation tag says (Exif 2.32, tag 0x0112).
  bool apply_exif_orientation = true;
};

/// \brief Decode an image file held in memory to 8-bit sRGB; the format is found by content.
///
/// JPEG, PNG, WebP, TIFF, BMP and GIF (first frame). Pixels equal Pillow's `Image.open(...).convert("RGB")`: alpha is
/// dropped, palettes and greys are expanded, CMYK is converted as Pillow does; 16-bit samples keep their high byte.
///
/// \param[in] bytes the whole file, read during the call and not kept
/// \param[out] image overwritten; its buffer is reused when it is large enough; unspecified after an error
/// \return an `ImageFailure` (see base/failure.h) with code empty, unknown-format, corrupt, truncated, too-large,
///         too-slow or unsupported
///
/// Thread safety: calls may run together on different images.
Status DecodeImage(std::span<const std::uint8_t> bytes, const DecodeOptions& options, Image* image);

/// \brief The name of the format the first bytes belong to ("jpeg", "png", "webp", "tiff", "bmp", "gif"), or "".
std::string_view DetectImageFormat(std::span<const std::uint8_t> bytes);

}  // namespace pomona
