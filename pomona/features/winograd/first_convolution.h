#pragma once

#include <cstddef>
#include <cstdint>

#include "pomona/base/simd_target.h"

namespace pomona::winograd {

/// Samples that one output of the first convolution sees: 3 x 3 pixels of 3 channels.
inline constexpr int kFirstTaps = 27;

/// \brief One row of the first convolution: 3 channels in, bias and rectifier after it.
struct FirstConvolutionJob {
  const float* rows[3] = {};  ///< input rows above, at and below; 3 * (width + 2) floats, a zero pixel at both ends
  int width = 0;

  const float* weights = nullptr;  ///< shape (panels, 27, panel width); taps in the order row, column, channel
  const float* bias = nullptr;     ///< an output each
  int panels = 0;

  float* map = nullptr;  ///< of the row's first output, in output block 0; 64-byte aligned
  std::ptrdiff_t map_block_stride = 0;
};

/// \brief The first convolution, directly: a transform over 3 channels would cost more than it saves.
///
/// Thread safety: calls may run together.
struct FirstConvolution {
  int panel_width = 0;  ///< outputs; divides 32
  void (*convolve)(const FirstConvolutionJob& job) = nullptr;

  /// \brief target[i] = pixels[i] - mean[i].
  void (*subtract_mean)(const std::uint8_t* pixels, const float* mean, int count, float* target) = nullptr;
};

/// \param[in] target one of `UsableSimdTargets()`
const FirstConvolution& FirstConvolutionFor(SimdTarget target);

}  // namespace pomona::winograd
