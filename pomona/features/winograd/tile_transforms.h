#pragma once

#include <cstddef>
#include <span>

#include "pomona/base/simd_target.h"
#include "pomona/features/winograd/layout.h"

namespace pomona::winograd {

/// \brief B^T d B of the tiles of some channel blocks.
struct InputJob {
  const float* map = nullptr;  ///< see MapView; 64-byte aligned as all that follows
  std::ptrdiff_t map_block_stride = 0;
  std::ptrdiff_t map_row_stride = 0;
  int channel_blocks = 0;
  std::span<const TilePlace> tiles;

  float* frequencies = nullptr;     ///< shape ((m + 2)^2, channel block, tile, 16)
  std::ptrdiff_t plane_stride = 0;  ///< floats between frequencies
};

/// \brief A^T M A of the tiles of some output blocks, plus bias, rectified, and reduced by 2 x 2 maxima where the
/// kernel is the pooling one.
struct OutputJob {
  const float* frequencies = nullptr;  ///< shape ((m + 2)^2, output block, tile, 16)
  std::ptrdiff_t plane_stride = 0;
  int output_blocks = 0;
  std::span<const TilePlace> tiles;
  const float* bias = nullptr;  ///< 16 values an output block

  float* map = nullptr;  ///< at the first of the output blocks
  std::ptrdiff_t map_block_stride = 0;
  std::ptrdiff_t map_row_stride = 0;
};

/// \brief The transforms into the frequency domain and back, for one instruction set.
///
/// Only outputs that a tile's `rows` and `columns` name are computed to the end and written. Thread safety: calls may
/// run together.
struct TileTransforms {
  using InputFunction = void (*)(const InputJob& job);
  using OutputFunction = void (*)(const OutputJob& job);

  InputFunction input[kLargestTile + 1] = {};    ///< by tile size; 2 to 6
  OutputFunction output[kLargestTile + 1] = {};  ///< by tile size
  OutputFunction pooled[kLargestTile + 1] = {};  ///< by tile size, which must be even
};

/// \param[in] target one of `UsableSimdTargets()`
const TileTransforms& TileTransformsFor(SimdTarget target);

}  // namespace pomona::winograd
