// One small convolution on every instruction set of the native engine that runs here, against its definition in
// float64. Needs neither Arrow nor OpenVINO, so that tests/test_aarch64.py can build it for another processor.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "pomona/features/winograd/convolution_layer.h"
#include "pomona/features/winograd/float_buffer.h"

namespace {

using namespace pomona;            // NOLINT(google-build-using-namespace): a program of one file
using namespace pomona::winograd;  // NOLINT(google-build-using-namespace)

constexpr int kRows = 11;
constexpr int kColumns = 9;
constexpr int kInputs = 32;
constexpr int kOutputs = 64;

std::vector<float> Random(std::size_t count, unsigned seed) {
  std::minstd_rand generator(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> floats(count);
  for (float& value : floats) value = values(generator);
  return floats;
}

/// The largest difference, as a share of the largest output.
double Error(SimdTarget target, int tile) {
  const ConvolutionLayer layer({kInputs, kOutputs, kRows, kColumns, false}, tile, target);
  const TileGrid& grid = layer.grid();
  const std::vector<float> kernel = Random(std::size_t{9} * kInputs * kOutputs, 1);
  const std::vector<float> image = Random(std::size_t{kRows} * kColumns * kInputs, 2);
  FloatBuffer map(static_cast<std::size_t>(kInputs * grid.padded_rows * grid.padded_columns));
  FloatBuffer result(std::size_t{kOutputs} * kRows * kColumns);
  FloatBuffer weights(layer.weight_floats());
  const FloatBuffer bias(kOutputs);
  const Blocking blocking{5, 32};
  FloatBuffer scratch(layer.scratch_floats(blocking));
  MapView source;
  source.data = map.data();
  source.row_stride = static_cast<std::ptrdiff_t>(grid.padded_columns) * kChannelBlock;
  source.block_stride = source.row_stride * grid.padded_rows;
  MapView written;
  written.data = result.data();
  written.row_stride = std::ptrdiff_t{kColumns} * kChannelBlock;
  written.block_stride = written.row_stride * kRows;
  for (int i = 0; i < kRows * kColumns * kInputs; ++i) {
    const int c = i % kInputs;
    source.data[c / kChannelBlock * source.block_stride + (i / kInputs / kColumns + 1) * source.row_stride +
                (i / kInputs % kColumns + 1) * kChannelBlock + c % kChannelBlock] = image[static_cast<std::size_t>(i)];
  }
  for (int piece = 0; piece < layer.weight_pieces(); ++piece) {
    layer.TransformWeights(kernel.data(), piece, weights.data());
  }
  std::vector<TilePlace> places(static_cast<std::size_t>(grid.tiles()));
  layer.PlaceTiles(source, 0, written, 0, places);
  layer.Run(source, written, places, blocking, weights.data(), bias.data(), scratch.data());
  double furthest = 0;
  double largest = 0;
  for (int o = 0; o < kOutputs; ++o) {
    for (int y = 0; y < kRows; ++y) {
      for (int x = 0; x < kColumns; ++x) {
        double sum = 0;
        for (int tap = 0; tap < 9; ++tap) {
          const int row = y + tap / 3 - 1;
          const int column = x + tap % 3 - 1;
          if (row < 0 || row >= kRows || column < 0 || column >= kColumns) continue;
          for (int c = 0; c < kInputs; ++c) {
            sum += static_cast<double>(image[static_cast<std::size_t>((row * kColumns + column) * kInputs + c)]) *
                   kernel[static_cast<std::size_t>((tap * kInputs + c) * kOutputs + o)];
          }
        }
        const float got = written.data[o / kChannelBlock * written.block_stride + y * written.row_stride +
                                       x * kChannelBlock + o % kChannelBlock];
        furthest = std::max(furthest, std::abs(got - std::max(sum, 0.0)));
        largest = std::max(largest, sum);
      }
    }
  }
  return furthest / largest;
}

}  // namespace

int main() {
  for (const SimdTarget target : UsableSimdTargets()) {
    for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
      std::printf("%s %d %.3g\n", std::string(SimdTargetName(target)).c_str(), tile, Error(target, tile));
    }
  }
  return 0;
}
