#pragma once

#include <cstddef>

#include "pomona/base/simd_target.h"

namespace pomona::winograd {

/// \brief The products of one frequency: (tiles, channels) by (channels, outputs).
struct MatrixJob {
  const float* tiles = nullptr;           ///< shape (channels / 16, tile_count, 16)
  std::ptrdiff_t tiles_block_stride = 0;  ///< floats between channel blocks
  int tile_count = 0;

  const float* weights = nullptr;  ///< shape (panels, channels, panel width)
  int channels = 0;                ///< a multiple of 16
  int panels = 0;

  float* products = nullptr;                 ///< shape (outputs / 16, tile_count, 16), overwritten
  std::ptrdiff_t products_block_stride = 0;  ///< floats between output blocks

  /// What the next job will read; pulled towards the processor meanwhile. May be null.
  const float* next_weights = nullptr;
  const float* next_tiles = nullptr;
};

/// \brief A register-blocked matrix product for one instruction set.
///
/// Every product is a sum of chains of 256 multiply-adds over the channels, all in rising order, whatever the number of
/// tiles and panels; so it has the same bits in any blocking.
///
/// Thread safety: calls may run together.
struct MatrixKernel {
  int panel_width = 0;  ///< outputs a panel; divides 32
  int max_rows = 0;     ///< tiles that are held in registers at once
  void (*multiply)(const MatrixJob& job) = nullptr;
};

/// \param[in] target one of `UsableSimdTargets()`
const MatrixKernel& MatrixKernelFor(SimdTarget target);

}  // namespace pomona::winograd
