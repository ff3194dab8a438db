#include "pomona/features/winograd/blocking_plan.h"

#include <gtest/gtest.h>

namespace pomona::winograd {
namespace {

constexpr std::int64_t kMega = std::int64_t{1} << 20;

TEST(BlockingPlan, ChoosesWhatTheModelSays) {
  for (const int channels : {32, 64, 96, 256, 512}) {
    const ConvolutionShape shape{channels, channels, 25, 25, false};
    for (const int tile : {2, 5, 6}) {
      for (const int tiles : {1, 13, 28, 1000}) {
        const Blocking chosen = ChooseBlocking(shape, tile, tiles, kMega);
        ASSERT_GE(chosen.tiles, 1);
        ASSERT_LE(chosen.tiles, tiles);
        ASSERT_EQ(chosen.outputs % kChannelMultiple, 0);
        ASSERT_EQ(channels % chosen.outputs, 0);
        const double cost = ModelledBlockingCost(shape, tile, chosen, kMega);
        for (const int other : {14, 28, 126}) {
          if (other > tiles) continue;
          EXPECT_LE(cost, ModelledBlockingCost(shape, tile, {other, channels}, kMega)) << channels << ", " << other;
        }
      }
    }
  }
}

TEST(BlockingPlan, ManyTilesServeOneStreamOfManyWeights) {
  const ConvolutionShape shape{512, 512, 12, 12, false};
  const double few = ModelledBlockingCost(shape, 6, {7, 128}, kMega);
  EXPECT_GT(few, 1.5 * ModelledBlockingCost(shape, 6, {28, 128}, kMega));
  EXPECT_GE(ChooseBlocking(shape, 6, 128, kMega).tiles, 28);
}

TEST(BlockingPlan, FollowsTheCache) {
  const ConvolutionShape shape{128, 128, 50, 50, false};
  // What no longer fits costs more, and a larger cache is made use of.
  EXPECT_GT(ModelledBlockingCost(shape, 6, {84, 128}, kMega / 4), ModelledBlockingCost(shape, 6, {84, 128}, 8 * kMega));
  const Blocking small = ChooseBlocking(shape, 6, 200, kMega / 4);
  const Blocking large = ChooseBlocking(shape, 6, 200, 8 * kMega);
  EXPECT_LT(small.tiles * (128 + small.outputs), large.tiles * (128 + large.outputs));
}

}  // namespace
}  // namespace pomona::winograd
