#include "pomona/features/winograd/tile_transforms.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/interpolation_points.h"
#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

/// matrix (rows, n) times tile (n, n) times matrix transposed.
std::vector<double> BothSides(const std::vector<double>& matrix, const std::vector<double>& tile, std::size_t n) {
  const std::size_t rows = matrix.size() / n;
  std::vector<double> result(rows * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) {
      for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = 0; b < n; ++b) {
          result[i * rows + j] += matrix[i * n + a] * tile[a * n + b] * matrix[j * n + b];
        }
      }
    }
  }
  return result;
}

class TileTransformsTest : public testing::TestWithParam<SimdTarget> {};

TEST_P(TileTransformsTest, InputIsTheMatrixProduct) {
  constexpr int kBlocks = 2;
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const int size = TransformSize(tile);
    const int columns = size + tile;  // two tiles side by side
    const auto block = static_cast<std::size_t>(size * columns * kChannelBlock);
    FloatBuffer map(kBlocks * block);
    const std::vector<float> values = RandomFloats(kBlocks * block, 6);
    std::copy(values.begin(), values.end(), map.data());
    const std::vector<TilePlace> places = {{0, 0, tile, tile},
                                           {static_cast<std::ptrdiff_t>(tile) * kChannelBlock, 0, tile, tile}};
    const int plane = kBlocks * 2 * kChannelBlock + 16;
    FloatBuffer frequencies(static_cast<std::size_t>(size * size * plane));
    InputJob job;
    job.map = map.data();
    job.map_block_stride = static_cast<std::ptrdiff_t>(block);
    job.map_row_stride = static_cast<std::ptrdiff_t>(columns) * kChannelBlock;
    job.channel_blocks = kBlocks;
    job.tiles = places;
    job.frequencies = frequencies.data();
    job.plane_stride = plane;
    TileTransformsFor(GetParam()).input[tile](job);
    for (int c = 0; c < kBlocks * kChannelBlock; ++c) {
      for (int number = 0; number < 2; ++number) {
        std::vector<double> pixels;
        for (int y = 0; y < size; ++y) {
          for (int x = 0; x < size; ++x) {
            pixels.push_back(values[static_cast<std::size_t>(c / kChannelBlock) * block +
                                    static_cast<std::size_t>((y * columns + x + number * tile) * kChannelBlock +
                                                             c % kChannelBlock)]);
          }
        }
        const std::vector<double> expected = BothSides(InputMatrix(tile), pixels, static_cast<std::size_t>(size));
        for (std::size_t i = 0; i < expected.size(); ++i) {
          const float got = frequencies.data()[static_cast<int>(i) * plane +
                                               (c / kChannelBlock * 2 + number) * kChannelBlock + c % kChannelBlock];
          ASSERT_NEAR(got, expected[i], 1e-4) << "tile " << tile << ", frequency " << i;
        }
      }
    }
  }
}

/// Outputs of one tile of 32 channels, (rows, columns, channels), where -7 is what was not written.
std::vector<float> Output(SimdTarget target, int tile, bool pooled, int rows, int columns,
                          const std::vector<float>& values, const std::vector<float>& bias) {
  const int size = TransformSize(tile);
  constexpr int kPlane = 2 * kChannelBlock;
  FloatBuffer frequencies(static_cast<std::size_t>(size * size * kPlane));
  std::copy(values.begin(), values.end(), frequencies.data());
  FloatBuffer biases(bias.size());
  std::copy(bias.begin(), bias.end(), biases.data());
  const int side = pooled ? tile / 2 : tile;
  FloatBuffer map(static_cast<std::size_t>(side * side * kPlane));
  std::fill_n(map.data(), map.size(), -7.0F);
  const std::vector<TilePlace> places = {{0, 0, rows, columns}};
  OutputJob job;
  job.frequencies = frequencies.data();
  job.plane_stride = kPlane;
  job.output_blocks = 2;
  job.tiles = places;
  job.bias = biases.data();
  job.map = map.data();
  job.map_block_stride = static_cast<std::ptrdiff_t>(side) * side * kChannelBlock;
  job.map_row_stride = static_cast<std::ptrdiff_t>(side) * kChannelBlock;
  const TileTransforms& transforms = TileTransformsFor(target);
  (pooled ? transforms.pooled : transforms.output)[tile](job);
  std::vector<float> result;
  for (int place = 0; place < side * side; ++place) {
    for (int c = 0; c < kPlane; ++c) {
      result.push_back(
          map.data()[c / kChannelBlock * job.map_block_stride + place * kChannelBlock + c % kChannelBlock]);
    }
  }
  return result;
}

TEST_P(TileTransformsTest, OutputIsTheMatrixProductRectified) {
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    for (const bool pooled : {false, true}) {
      if (pooled && tile % 2 != 0) continue;
      const auto size = static_cast<std::size_t>(TransformSize(tile));
      const std::vector<float> values = RandomFloats(size * size * 32, 12);
      const std::vector<float> bias = RandomFloats(32, 13);
      const int side = pooled ? tile / 2 : tile;
      const int rows = side;
      const int columns = std::max(side - 1, 1);
      const std::vector<float> got = Output(GetParam(), tile, pooled, rows, columns, values, bias);
      for (std::size_t c = 0; c < 32; ++c) {
        std::vector<double> products;
        for (std::size_t i = 0; i < size * size; ++i) products.push_back(values[i * 32 + c]);
        const std::vector<double> outputs = BothSides(OutputMatrix(tile), products, size);
        const auto at = [&](int y, int x) {
          return std::max(outputs[static_cast<std::size_t>(y * tile + x)] + bias[c], 0.0);
        };
        for (int y = 0; y < side; ++y) {
          for (int x = 0; x < side; ++x) {
            const float value = got[static_cast<std::size_t>(y * side + x) * 32 + c];
            if (y >= rows || x >= columns) {
              ASSERT_EQ(value, -7) << "written beyond the tile's share";
              continue;
            }
            const double expected =
                pooled
                    ? std::max({at(2 * y, 2 * x), at(2 * y, 2 * x + 1), at(2 * y + 1, 2 * x), at(2 * y + 1, 2 * x + 1)})
                    : at(y, x);
            ASSERT_NEAR(value, expected, 1e-5 * std::pow(2, 2 * tile)) << "tile " << tile << " at " << y << ", " << x;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, TileTransformsTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

}  // namespace
}  // namespace pomona::winograd
