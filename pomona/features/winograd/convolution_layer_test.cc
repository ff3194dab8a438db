#include "pomona/features/winograd/convolution_layer.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

using Values = std::vector<float>;

/// The largest difference from the definition, as a share of the largest output.
double Error(const ConvolutionLayer& layer, const Values& image, const Values& got, const Values& kernel,
             const Values& bias) {
  const ConvolutionShape& shape = layer.shape();
  Image64 expected = DirectConvolution({image.begin(), image.end()}, shape.rows, shape.columns, kernel, bias);
  const auto channels = static_cast<std::size_t>(shape.outputs);
  if (layer.grid().pools_itself) {
    expected = DirectMaxPool(expected, shape.rows, shape.columns, channels);
  } else if (shape.pooled) {
    // Rows and columns that take part in no maximum are not computed.
    Image64 kept;
    for (int y = 0; y < layer.grid().output_rows; ++y) {
      const auto row = expected.begin() + static_cast<std::ptrdiff_t>(y) * shape.columns * shape.outputs;
      kept.insert(kept.end(), row, row + static_cast<std::ptrdiff_t>(layer.grid().output_columns) * shape.outputs);
    }
    expected = kept;
  }
  EXPECT_EQ(got.size(), expected.size());
  double furthest = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < got.size(); ++i) {
    furthest = std::max(furthest, std::abs(got[i] - expected[i]));
    largest = std::max(largest, expected[i]);
  }
  return furthest / largest;
}

class ConvolutionLayerTest : public testing::TestWithParam<SimdTarget> {};

TEST_P(ConvolutionLayerTest, EqualsTheDefinition) {
  struct Size {
    int rows;
    int columns;
  };
  for (const Size size : {Size{1, 1}, Size{2, 3}, Size{5, 5}, Size{7, 12}, Size{13, 9}}) {
    for (const bool pooled : {false, true}) {
      if (pooled && size.rows < 2) continue;
      const ConvolutionShape shape{32, 64, size.rows, size.columns, pooled};
      const Values kernel = RandomFloats(std::size_t{9} * 32 * 64, 1, 0.1F);
      const Values bias = RandomFloats(64, 2, 0.1F);
      Values image = RandomFloats(static_cast<std::size_t>(size.rows * size.columns * 32), 3);
      for (float& value : image) value = std::max(value, 0.0F);
      for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
        const ConvolutionLayer layer(shape, tile, GetParam());
        const Values got = RunLayer(layer, {4, 32}, {image}, kernel, bias)[0];
        EXPECT_LT(Error(layer, image, got, kernel, bias), 1e-5)
            << "tile " << tile << ", " << size.rows << "x" << size.columns << (pooled ? ", pooled" : "");
      }
    }
  }
}

TEST_P(ConvolutionLayerTest, StaysExactForLargeInputs) {
  const ConvolutionShape shape{64, 32, 12, 11, false};
  const Values kernel = RandomFloats(std::size_t{9} * 64 * 32, 1);
  const Values bias = RandomFloats(32, 2);
  const Values image = RandomFloats(std::size_t{12} * 11 * 64, 3, 1e4F);
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const ConvolutionLayer layer(shape, tile, GetParam());
    EXPECT_LT(Error(layer, image, RunLayer(layer, {8, 32}, {image}, kernel, bias)[0], kernel, bias), 2e-5) << tile;
  }
}

TEST_P(ConvolutionLayerTest, BitsDependOnNoBlockingAndNoNeighbour) {
  const ConvolutionShape shape{32, 64, 11, 9, true};
  const Values kernel = RandomFloats(std::size_t{9} * 32 * 64, 1);
  const Values bias = RandomFloats(64, 2);
  std::vector<Values> images;
  for (unsigned i = 0; i < 5; ++i) images.push_back(RandomFloats(std::size_t{11} * 9 * 32, 10 + i));
  for (const int tile : {4, 5, 6}) {
    const ConvolutionLayer layer(shape, tile, GetParam());
    const std::vector<Values> together = RunLayer(layer, {100, 64}, images, kernel, bias);
    EXPECT_EQ(together, RunLayer(layer, {1, 32}, images, kernel, bias));
    EXPECT_EQ(together, RunLayer(layer, {7, 64}, images, kernel, bias));
    for (std::size_t i = 0; i < images.size(); ++i) {
      EXPECT_EQ(together[i], RunLayer(layer, {3, 32}, {images[i]}, kernel, bias)[0]) << "image " << i;
    }
  }
}

TEST_P(ConvolutionLayerTest, ZeroWeightsGiveTheRectifiedBias) {
  const ConvolutionShape shape{32, 32, 7, 8, false};
  const Values bias = RandomFloats(32, 2);
  const Values image = RandomFloats(std::size_t{7} * 8 * 32, 3, 1e4F);
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const ConvolutionLayer layer(shape, tile, GetParam());
    const Values got = RunLayer(layer, {8, 32}, {image}, Values(std::size_t{9} * 32 * 32), bias)[0];
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], std::max(bias[i % 32], 0.0F));
  }
}

TEST_P(ConvolutionLayerTest, AnyFloatIsNoDanger) {
  const ConvolutionShape shape{32, 32, 6, 6, true};
  const Values kernel = RandomFloats(std::size_t{9} * 32 * 32, 1);
  constexpr float kOdd[] = {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::denorm_min()};
  Values image(std::size_t{6} * 6 * 32);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = kOdd[i % std::size(kOdd)];
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const ConvolutionLayer layer(shape, tile, GetParam());
    const auto places = static_cast<std::size_t>(layer.grid().pools_itself ? 9 : 36);
    EXPECT_EQ(RunLayer(layer, {4, 32}, {image}, kernel, Values(32))[0].size(), places * 32);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ConvolutionLayerTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

TEST(TileGrid, LeavesOutWhatPoolingDrops) {
  const TileGrid grid({32, 32, 25, 13, true}, 6);
  EXPECT_EQ(grid.output_rows, 24);
  EXPECT_EQ(grid.output_columns, 12);
  EXPECT_EQ(grid.tiles(), 8);
  EXPECT_TRUE(grid.pools_itself);
  EXPECT_GE(grid.padded_rows, 27);
  EXPECT_FALSE(TileGrid({32, 32, 25, 13, true}, 5).pools_itself);
  EXPECT_EQ(TileGrid({32, 32, 25, 13, false}, 5).output_rows, 25);
}

}  // namespace
}  // namespace pomona::winograd
