#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pomona/image/resize.h"

namespace pomona {

/// Coefficients are fixed-point numbers with this many fractional bits, as in Pillow: 8 bits of sample and 2 of
/// headroom leave 22 of 32.
inline constexpr int kCoefficientBits = 22;

/// A coefficient k is kept as k = high * 2^15 + low with 0 <= low < 2^15: both halves fit 16-bit multiply-add
/// instructions, and the sums of products join to the exact 32-bit sum.
inline constexpr int kLowBits = 15;

/// \brief What one axis of a resize needs: for each output sample its first input sample and its taps.
///
/// `high` and `low` hold two neighbouring taps in each element (the earlier one in the lower 16 bits), so that
/// `pairs` elements serve one output sample; taps past `count` are 0, and `pairs` is even.
struct AxisTable {
  int out_size = 0;
  int pairs = 0;
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> count;
  std::vector<std::int32_t> high;
  std::vector<std::int32_t> low;
};

/// \brief The taps of one axis for `kBilinear`, `kBicubic` (a = -0.5) or `kLanczos` (3 lobes), rounded as Pillow does.
///
/// When shrinking, the filter is widened by the scale, so every input sample counts. Throws std::bad_alloc.
AxisTable MakeAxisTable(ResizeFilter filter, int in_size, int out_size);

/// \brief For `kNearest`: the input sample of each output sample. Throws std::bad_alloc.
std::vector<std::int32_t> NearestSamples(int in_size, int out_size);

}  // namespace pomona
