#include "pomona/pipeline/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/resources.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kFeatures = 25'088;
constexpr std::int64_t kBatch = 8 * kFeatures * 4;

TEST(MemoryPlan, TheMachineDecidesWhereNothingWasAsked) {
  EXPECT_EQ(MemoryAllowed(0), MemoryLimit());
  EXPECT_EQ(MemoryAllowed(7), 7);
}

TEST(MemoryPlan, PlentyChangesNothing) {
  const BatchPlan batches = PlanBatches(24'000'000'000, 300'000'000, 4, kBatch);
  EXPECT_EQ(batches.batches_ahead, 16);
  EXPECT_EQ(batches.message, "");
  const BlockPlan blocks = PlanBlocks(24'000'000'000, 300'000'000, 4, kFeatures);
  EXPECT_EQ(blocks.threads, 4);
  EXPECT_EQ(blocks.message, "");
}

TEST(MemoryPlan, LittleMeansFewerThreadsAndSaysSo) {
  const BlockPlan blocks = PlanBlocks(1'200'000'000, 300'000'000, 4, kFeatures);
  EXPECT_EQ(blocks.threads, 2);
  EXPECT_THAT(blocks.message, HasSubstr("900 MB are free: fit and projection run on 2 of 4 threads"));
  const BatchPlan batches = PlanBatches(310'000'000, 300'000'000, 2, kBatch);
  EXPECT_EQ(batches.batches_ahead, 3);
  EXPECT_THAT(batches.message, HasSubstr("3 batches of features instead of 8"));
}

TEST(MemoryPlan, NeverLessThanOneThread) {
  const BlockPlan blocks = PlanBlocks(100, 300'000'000, 4, kFeatures);
  EXPECT_EQ(blocks.threads, 1);
  EXPECT_THAT(blocks.message, HasSubstr("need about 411 MB for 25,088 features"));
  EXPECT_EQ(PlanBatches(100, 300'000'000, 4, kBatch).batches_ahead, 4);
}

TEST(EngineMemory, LeavesRoomForTheThreads) {
  const std::int64_t one = EngineMemory(450'000'000, 90'000'000, 1);
  EXPECT_LT(one, 360'000'000);
  EXPECT_GT(one, 300'000'000);
  EXPECT_LT(EngineMemory(450'000'000, 90'000'000, 8), one);
  EXPECT_EQ(EngineMemory(50'000'000, 90'000'000, 1), 1);
}

}  // namespace
}  // namespace pomona
