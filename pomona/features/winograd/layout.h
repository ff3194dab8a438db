#pragma once

#include <cstddef>
#include <cstdint>

namespace pomona::winograd {

/// Channels that lie together in memory: one AVX-512 vector, two of AVX2, four of SSE or NEON. Every map and every tile
/// in the frequency domain is an array of such blocks, so that all instruction sets share one layout.
inline constexpr int kChannelBlock = 16;

/// Channels that a convolution may have are multiples of this: the widest weight panel of any instruction set.
inline constexpr int kChannelMultiple = 32;

inline constexpr int kSmallestTile = 2;
inline constexpr int kLargestTile = 6;

/// Frequencies along one axis of a tile of m x m outputs of a 3 x 3 convolution.
constexpr int TransformSize(int tile_size) { return tile_size + 2; }

/// \brief Feature maps of some images: float32 of shape (image, channel block, row, column, 16).
///
/// Maps that a convolution reads have a border of one zero row and column before the first pixel, and after the last
/// as many as its tiles reach. `data` points at the border's corner where a map is read and at the first pixel where it
/// is written.
struct MapView {
  float* data = nullptr;
  std::ptrdiff_t image_stride = 0;  ///< floats
  std::ptrdiff_t block_stride = 0;
  std::ptrdiff_t row_stride = 0;
};

/// \brief One tile: where it is read and written, and how much of it is wanted.
struct TilePlace {
  std::ptrdiff_t source = 0;  ///< floats from the map's start to the tile's first input, in channel block 0
  std::ptrdiff_t target = 0;  ///< floats from the map's start to the tile's first output, in channel block 0
  int rows = 0;               ///< outputs, after pooling where that is fused; 1 to tile size
  int columns = 0;
};

}  // namespace pomona::winograd
