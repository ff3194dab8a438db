#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pomona/base/simd_target.h"
#include "pomona/features/winograd/layout.h"
#include "pomona/features/winograd/matrix_kernel.h"
#include "pomona/features/winograd/tile_transforms.h"

namespace pomona::winograd {

/// \brief A 3 x 3 convolution of stride 1, padded to the same size, with bias and rectifier.
struct ConvolutionShape {
  int inputs = 0;   ///< channels, a multiple of 32
  int outputs = 0;  ///< channels, a multiple of 32
  int rows = 0;     ///< of the map
  int columns = 0;
  bool pooled = false;  ///< 2 x 2 maxima follow; an odd last row or column takes part in none
};

/// \brief How a map is cut into tiles of m x m outputs.
struct TileGrid {
  TileGrid(const ConvolutionShape& shape, int tile_size);

  int tile_size;
  int output_rows;  ///< outputs that are wanted: those that pooling drops are not
  int output_columns;
  int tile_rows;
  int tile_columns;
  int padded_rows;  ///< of the input map with its border
  int padded_columns;
  bool pools_itself;  ///< pooled, and the tiles have whole 2 x 2 squares: the output transform takes the maxima

  int tiles() const { return tile_rows * tile_columns; }
};

/// \brief How much is worked on at a time. Changes speed and memory, never a bit.
struct Blocking {
  int tiles = 0;    ///< that pass through the three steps together
  int outputs = 0;  ///< channels a pass; a multiple of 32 that divides the outputs
};

/// \brief One convolution by F(m x m, 3 x 3) on one instruction set.
///
/// Holds no memory of its own: weights and scratch are the caller's. Thread safety: const calls may run together.
///
/// Source: Winograd, "Arithmetic Complexity of Computations", SIAM 1980; Lavin & Gray, "Fast Algorithms for
/// Convolutional Neural Networks", CVPR 2016 (arXiv 1509.09308).
class ConvolutionLayer {
 public:
  /// \param[in] tile_size m, 2 to 6
  ConvolutionLayer(const ConvolutionShape& shape, int tile_size, SimdTarget target);

  const ConvolutionShape& shape() const { return shape_; }
  const TileGrid& grid() const { return grid_; }

  /// \brief Floats of the transformed weights.
  std::size_t weight_floats() const;

  /// \brief Pieces into which the transform of the weights is cut.
  int weight_pieces() const { return shape_.outputs / kernel_->panel_width; }

  /// \brief Transforms one piece. Calls for different pieces may run together.
  ///
  /// \param[in] kernel shape (3, 3, inputs, outputs)
  /// \param[out] weights `weight_floats()` floats, 64-byte aligned
  void TransformWeights(const float* kernel, int piece, float* weights) const;

  /// \brief Floats that `Run` needs beside the maps.
  std::size_t scratch_floats(const Blocking& blocking) const;

  /// \brief Where tiles `first` to `first + places.size() - 1` of some images are read and written; tiles are counted
  /// row by row, image after image.
  ///
  /// \param[in] first_row of the padded map that `source` begins with; 0 unless it holds a part of one image
  /// \param[in] pooled_target whether the target has half the size
  void PlaceTiles(const MapView& source, int first_row, const MapView& target, std::int64_t first,
                  std::span<TilePlace> places) const;

  /// \brief Convolves tiles, in blocks.
  ///
  /// \param[in] source padded maps; \param[in] target of half the size where the grid pools by itself
  /// \param[in] weights from `TransformWeights`; \param[in] bias `outputs` floats; \param scratch `scratch_floats`
  void Run(const MapView& source, const MapView& target, std::span<const TilePlace> places, const Blocking& blocking,
           const float* weights, const float* bias, float* scratch) const;

 private:
  void RunBlock(const MapView& source, const MapView& target, std::span<const TilePlace> places, int outputs,
                const float* weights, const float* bias, float* scratch) const;
  std::ptrdiff_t weight_plane() const;
  int frequencies() const { return TransformSize(grid_.tile_size) * TransformSize(grid_.tile_size); }

  ConvolutionShape shape_;
  TileGrid grid_;
  const MatrixKernel* kernel_;
  const TileTransforms* transforms_;
};

}  // namespace pomona::winograd
