#include "pomona/features/winograd/tile_plan.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace pomona::winograd {
namespace {

/// VGG16's convolutions but the first, for square images.
std::vector<ConvolutionShape> Vgg16Shapes(int size) {
  std::vector<ConvolutionShape> shapes;
  int inputs = 64;
  for (const auto& [outputs, count] : {std::pair(64, 1), {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < count; ++i) {
      shapes.push_back({inputs, outputs, size, size, i + 1 == count});
      inputs = outputs;
    }
    size /= 2;
  }
  return shapes;
}

std::int64_t Bytes(const std::vector<ConvolutionShape>& shapes, const std::vector<int>& sizes) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) bytes += WeightBytes(shapes[i], sizes[i]);
  return bytes;
}

TEST(TilePlan, WastesLittleAtTheBorder) {
  // 25 columns are five tiles of 5, 24 are four of 6: a larger tile that sticks out costs more than it saves.
  const std::vector<int> sizes = ChooseTileSizes(Vgg16Shapes(100), 0);
  EXPECT_EQ(sizes[3], 5);  // 25 x 25
  EXPECT_EQ(sizes[5], 6);  // 24 x 24 are wanted
  EXPECT_EQ(sizes[6], 6);  // 12 x 12
  EXPECT_EQ(sizes[9], 6);  // 6 x 6
}

TEST(TilePlan, ChoosesWhatTheModelSays) {
  for (const int size : {32, 64, 100, 150, 224, 299}) {
    const std::vector<ConvolutionShape> shapes = Vgg16Shapes(size);
    const std::vector<int> sizes = ChooseTileSizes(shapes, 0);
    ASSERT_EQ(sizes.size(), shapes.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
        EXPECT_LE(ModelledCost(shapes[i], sizes[i]), ModelledCost(shapes[i], tile));
      }
    }
  }
}

TEST(TilePlan, GivesWayToALimit) {
  const std::vector<ConvolutionShape> shapes = Vgg16Shapes(100);
  std::int64_t before = Bytes(shapes, ChooseTileSizes(shapes, 0));
  ASSERT_GT(before, 350'000'000);
  for (const std::int64_t limit : {300'000'000, 200'000'000, 150'000'000}) {
    const std::int64_t bytes = Bytes(shapes, ChooseTileSizes(shapes, limit));
    EXPECT_LE(bytes, limit);
    EXPECT_LT(bytes, before);
    before = bytes;
  }
  EXPECT_EQ(ChooseTileSizes(shapes, 1), std::vector<int>(shapes.size(), kSmallestTile));
}

TEST(TilePlan, BlocksFitTheBatch) {
  for (const int size : {32, 100, 224, 299}) {
    const std::vector<ConvolutionShape> shapes = Vgg16Shapes(size);
    const std::vector<int> sizes = ChooseTileSizes(shapes, 0);
    for (const int batch : {1, 7, 32}) {
      const std::vector<LayerPlan> plans = PlanLayers(shapes, sizes, batch);
      ASSERT_EQ(plans.size(), shapes.size());
      EXPECT_EQ(plans[0].images, 1);
      EXPECT_GE(plans[0].tile_rows, 1);
      for (std::size_t i = 0; i < plans.size(); ++i) {
        EXPECT_EQ(plans[i].tile_size, sizes[i]);
        EXPECT_GE(plans[i].blocking.tiles, 1);
        EXPECT_EQ(plans[i].blocking.outputs % kChannelMultiple, 0);
        EXPECT_EQ(shapes[i].outputs % plans[i].blocking.outputs, 0);
        EXPECT_LE(plans[i].images, batch);
        EXPECT_GE(plans[i].images, plans[i == 0 ? 0 : i - 1].images);
      }
    }
  }
}

}  // namespace
}  // namespace pomona::winograd
