#include "pomona/features/winograd/convolution_layer.h"

#include <algorithm>

#include "pomona/features/winograd/weight_transform.h"

namespace pomona::winograd {
namespace {

/// Floats that keep the planes of different frequencies from sharing the same few lines of a cache.
constexpr std::ptrdiff_t kPlaneGap = 5 * kChannelBlock;

std::ptrdiff_t PlaneFloats(int channels, std::ptrdiff_t tiles) { return channels * tiles + kPlaneGap; }

int RoundedUpQuotient(int dividend, int divisor) { return (dividend + divisor - 1) / divisor; }

}  // namespace

TileGrid::TileGrid(const ConvolutionShape& shape, int tile)
    : tile_size(tile),
      output_rows(shape.pooled ? shape.rows / 2 * 2 : shape.rows),
      output_columns(shape.pooled ? shape.columns / 2 * 2 : shape.columns),
      tile_rows(RoundedUpQuotient(output_rows, tile)),
      tile_columns(RoundedUpQuotient(output_columns, tile)),
      padded_rows(std::max(shape.rows, tile_rows * tile) + 2),
      padded_columns(std::max(shape.columns, tile_columns * tile) + 2),
      pools_itself(shape.pooled && tile % 2 == 0) {}

ConvolutionLayer::ConvolutionLayer(const ConvolutionShape& shape, int tile_size, SimdTarget target)
    : shape_(shape),
      grid_(shape, tile_size),
      kernel_(&MatrixKernelFor(target)),
      transforms_(&TileTransformsFor(target)) {}

std::ptrdiff_t ConvolutionLayer::weight_plane() const {
  return static_cast<std::ptrdiff_t>(shape_.inputs) * shape_.outputs + kPlaneGap;
}

std::size_t ConvolutionLayer::weight_floats() const { return static_cast<std::size_t>(frequencies() * weight_plane()); }

void ConvolutionLayer::TransformWeights(const float* kernel, int piece, float* weights) const {
  WeightJob job;
  job.kernel = kernel;
  job.inputs = shape_.inputs;
  job.outputs = shape_.outputs;
  job.tile_size = grid_.tile_size;
  job.frequencies = weights;
  job.plane_stride = weight_plane();
  job.panel_width = kernel_->panel_width;
  TransformPanel(job, piece);
}

std::size_t ConvolutionLayer::scratch_floats(const Blocking& blocking) const {
  return static_cast<std::size_t>(
      frequencies() * (PlaneFloats(shape_.inputs, blocking.tiles) + PlaneFloats(blocking.outputs, blocking.tiles)));
}

void ConvolutionLayer::PlaceTiles(const MapView& source, int first_row, const MapView& target, std::int64_t first,
                                  std::span<TilePlace> places) const {
  const int tile = grid_.tile_size;
  const int step = grid_.pools_itself ? tile / 2 : tile;
  const int rows = grid_.pools_itself ? grid_.output_rows / 2 : grid_.output_rows;
  const int columns = grid_.pools_itself ? grid_.output_columns / 2 : grid_.output_columns;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::int64_t number = first + static_cast<std::int64_t>(i);
    const std::int64_t image = number / grid_.tiles();
    const int in_image = static_cast<int>(number % grid_.tiles());
    const int row = in_image / grid_.tile_columns;
    const int column = in_image % grid_.tile_columns;
    places[i].source = image * source.image_stride + (row * tile - first_row) * source.row_stride +
                       static_cast<std::ptrdiff_t>(column) * tile * kChannelBlock;
    places[i].target = image * target.image_stride + row * step * target.row_stride +
                       static_cast<std::ptrdiff_t>(column) * step * kChannelBlock;
    places[i].rows = std::min(step, rows - row * step);
    places[i].columns = std::min(step, columns - column * step);
  }
}

void ConvolutionLayer::Run(const MapView& source, const MapView& target, std::span<const TilePlace> places,
                           const Blocking& blocking, const float* weights, const float* bias, float* scratch) const {
  // Blocks of equal size, so that the last one is not a small one.
  const std::size_t blocks =
      (places.size() + static_cast<std::size_t>(blocking.tiles) - 1) / static_cast<std::size_t>(blocking.tiles);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t first = places.size() * block / blocks;
    const std::size_t last = places.size() * (block + 1) / blocks;
    RunBlock(source, target, places.subspan(first, last - first), blocking.outputs, weights, bias, scratch);
  }
}

void ConvolutionLayer::RunBlock(const MapView& source, const MapView& target, std::span<const TilePlace> places,
                                int outputs, const float* weights, const float* bias, float* scratch) const {
  const auto tiles = static_cast<std::ptrdiff_t>(places.size());
  const auto tile = static_cast<std::size_t>(grid_.tile_size);
  InputJob input;
  input.map = source.data;
  input.map_block_stride = source.block_stride;
  input.map_row_stride = source.row_stride;
  input.channel_blocks = shape_.inputs / kChannelBlock;
  input.tiles = places;
  input.frequencies = scratch;
  input.plane_stride = PlaneFloats(shape_.inputs, tiles);
  transforms_->input[tile](input);

  MatrixJob matrix;
  matrix.tiles_block_stride = matrix.products_block_stride = tiles * kChannelBlock;
  matrix.tile_count = static_cast<int>(tiles);
  matrix.channels = shape_.inputs;
  matrix.panels = outputs / kernel_->panel_width;

  OutputJob output;
  output.frequencies = scratch + frequencies() * input.plane_stride;
  output.plane_stride = PlaneFloats(outputs, tiles);
  output.output_blocks = outputs / kChannelBlock;
  output.tiles = places;
  output.map_block_stride = target.block_stride;
  output.map_row_stride = target.row_stride;
  float* const products = scratch + frequencies() * input.plane_stride;
  for (int first = 0; first < shape_.outputs; first += outputs) {
    const float* const pass_weights = weights + static_cast<std::ptrdiff_t>(first) * shape_.inputs;
    const bool last_pass = first + outputs == shape_.outputs;
    for (int frequency = 0; frequency < frequencies(); ++frequency) {
      const bool last = frequency + 1 == frequencies();
      matrix.tiles = scratch + frequency * input.plane_stride;
      matrix.weights = pass_weights + frequency * weight_plane();
      matrix.products = products + frequency * output.plane_stride;
      matrix.next_tiles = last ? nullptr : matrix.tiles + input.plane_stride;
      matrix.next_weights = matrix.weights + weight_plane();
      if (last) {
        matrix.next_weights = last_pass ? nullptr : pass_weights + static_cast<std::ptrdiff_t>(outputs) * shape_.inputs;
      }
      kernel_->multiply(matrix);
    }
    output.bias = bias + first;
    output.map = target.data + first / kChannelBlock * target.block_stride;
    (grid_.pools_itself ? transforms_->pooled : transforms_->output)[tile](output);
  }
}

}  // namespace pomona::winograd
