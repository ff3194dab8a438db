#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pomona {

/// \brief Pixels that somebody else owns: 8-bit sRGB, shape (height, width, 3), no gap between rows.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;

  std::size_t size_bytes() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3; }
};

/// \brief Decoded pixels: 8-bit sRGB, shape (height, width, 3), no gap between rows.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  ImageView view() const { return {pixels.data(), width, height}; }
};

}  // namespace pomona
