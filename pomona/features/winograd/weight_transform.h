#pragma once

#include <cstddef>

namespace pomona::winograd {

/// \brief The 3 x 3 kernels of a convolution and where their transforms go.
struct WeightJob {
  const float* kernel = nullptr;  ///< shape (3, 3, inputs, outputs)
  int inputs = 0;
  int outputs = 0;
  int tile_size = 0;

  float* frequencies = nullptr;     ///< shape ((m + 2)^2, panels, inputs, panel width)
  std::ptrdiff_t plane_stride = 0;  ///< floats between frequencies
  int panel_width = 0;              ///< a multiple of 4
};

/// \brief G g G^T of the kernels of one panel, in float64, rounded once.
///
/// The same on every processor. Calls for different panels may run together.
///
/// \param[in] panel 0 <= panel < outputs / panel_width
void TransformPanel(const WeightJob& job, int panel);

}  // namespace pomona::winograd
