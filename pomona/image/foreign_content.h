#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace pomona {

/// \brief What bytes that are no image read here look like, and what to do about them, in one sentence.
///
/// Knows web pages, XML and SVG, JSON, PDF, archives, HEIC and AVIF, JPEG 2000 and XL, raw camera and Photoshop
/// files, video, text, and blocks of zeros.
std::string DescribeForeignContent(std::span<const std::uint8_t> bytes);

}  // namespace pomona
