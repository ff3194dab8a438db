#pragma once

#include <cstddef>
#include <cstdint>

#include "pomona/features/winograd/first_convolution.h"
#include "pomona/features/winograd/float_buffer.h"
#include "pomona/features/winograd/layout.h"

namespace pomona::winograd {

/// \brief The first layer of a network: pixels less a mean, convolved directly.
struct FirstLayer {
  const FirstConvolution* kernel = nullptr;
  int rows = 0;  ///< of the image
  int columns = 0;
  int outputs = 0;                  ///< channels, a multiple of 32
  const float* weights = nullptr;   ///< as FirstConvolutionJob wants them
  const float* bias = nullptr;      ///< `outputs` floats, 64-byte aligned
  const float* mean_row = nullptr;  ///< 3 * columns: what is taken from each sample of a row
};

/// \brief A moving window of some rows over the first layer's output.
///
/// The first map is the largest of the network; made in stripes it never leaves the cache. Thread safety: one thread at
/// a time.
class PixelStripe {
 public:
  /// \param[in] layer kept as it is; what it points at must outlive the stripe
  /// \param[in] rows, columns of the window, border included
  PixelStripe(const FirstLayer& layer, int rows, int columns);

  /// \brief Floats that a stripe holds.
  static std::size_t Floats(const FirstLayer& layer, int rows, int columns);

  /// \return false when the system gave no memory
  bool allocated() const { return map_.data() != nullptr && pixel_rows_.data() != nullptr; }

  /// \brief Turns to another image.
  ///
  /// \param[in] pixels shape (rows, columns, 3), of any alignment; read by `Fill`
  void Begin(const std::uint8_t* pixels);

  /// \brief Makes the window hold rows `first_row` and following of the padded map.
  ///
  /// \param[in] first_row not lower than at the last call since `Begin`; \param[in] rows at most those of the window
  void Fill(int first_row, int rows);

  /// \brief The window: one image, row 0 being `first_row`.
  MapView map() const;

 private:
  void MakeRow(int row, int place);
  void ClearRow(int place);
  const float* PixelRow(int row);

  FirstLayer layer_;
  int rows_;
  int columns_;
  FloatBuffer map_;
  FloatBuffer pixel_rows_;  // three rows in turn, and one of zeros
  const std::uint8_t* pixels_ = nullptr;
  int first_row_ = 0;       // of the padded map, at place 0
  int end_row_ = 0;         // after the last that is there
  int converted_rows_ = 0;  // rows of pixels that were converted so far
};

}  // namespace pomona::winograd
