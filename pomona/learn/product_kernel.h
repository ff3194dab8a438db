#pragma once

#include <cstddef>

#include "pomona/base/simd_target.h"

namespace pomona {

/// \brief A few rows by one panel: what a `ProductKernel` computes in registers.
///
/// Both factors are packed alike: value r of step k lies at [k * panel_width + r].
struct ProductTile {
  const double* rows = nullptr;   ///< shape (depth, panel_width), of which the first `tile_rows` columns are read
  const double* panel = nullptr;  ///< shape (depth, panel_width)
  std::ptrdiff_t depth = 0;
  int columns = 0;  ///< of the panel that are wanted; up to a vector more are written
  double factor = 1;
  bool add = false;       ///< to what is in `out`; else it is overwritten
  double* out = nullptr;  ///< shape (tile_rows, columns), rows `out_stride` apart
  std::ptrdiff_t out_stride = 0;
};

/// \brief A register-blocked float64 matrix product for one instruction set.
///
/// out(i, j) is one chain of `depth` multiply-adds in rising order of k, times the factor. Where a multiply-add rounds
/// once (AVX-512, AVX2, NEON) the bits are the same; SSE4 and the generic code, which round twice, agree among
/// themselves.
///
/// Thread safety: calls may run together.
struct ProductKernel {
  int panel_width = 0;  ///< a multiple of `tile_rows`
  int tile_rows = 0;
  int lanes = 0;  ///< of a vector; divides `panel_width`
  void (*multiply)(const ProductTile& tile) = nullptr;
};

/// \param[in] target one of `UsableSimdTargets()`
const ProductKernel& ProductKernelFor(SimdTarget target);

}  // namespace pomona
