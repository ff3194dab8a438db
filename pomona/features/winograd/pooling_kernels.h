#pragma once

#include <cstddef>

#include "pomona/base/simd_target.h"

namespace pomona::winograd {

/// \brief 2 x 2 maxima of a map that no tile could pool by itself.
struct MaxPoolJob {
  const float* source = nullptr;  ///< shape (channel block, rows, columns, 16); rows and columns are even
  int channel_blocks = 0;
  int rows = 0;
  int columns = 0;

  float* map = nullptr;
  std::ptrdiff_t map_block_stride = 0;
  std::ptrdiff_t map_row_stride = 0;
};

/// \brief Reductions of feature maps, for one instruction set.
///
/// Thread safety: calls may run together.
struct PoolingKernels {
  void (*max_pool)(const MaxPoolJob& job) = nullptr;

  /// \brief The maximum of each channel over `places`: shape (channel block, places, 16) to (channel blocks * 16).
  void (*global_max)(const float* map, int channel_blocks, int places, float* features) = nullptr;

  /// \brief The mean of each channel; summed in the order of the places.
  void (*global_average)(const float* map, int channel_blocks, int places, float* features) = nullptr;
};

/// \param[in] target one of `UsableSimdTargets()`
const PoolingKernels& PoolingKernelsFor(SimdTarget target);

}  // namespace pomona::winograd
