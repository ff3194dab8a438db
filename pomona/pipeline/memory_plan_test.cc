#include "pomona/pipeline/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

constexpr std::int64_t kBlock = 1024 * 25'088 * 4;
constexpr std::int64_t kBatch = 8 * 25'088 * 4;

TEST(MemoryPlan, PlentyChangesNothing) {
  const MemoryPlan plan = PlanMemory({24'000'000'000, 300'000'000, 4, kBatch, kBlock});
  EXPECT_EQ(plan.fit_threads, 4);
  EXPECT_EQ(plan.batches_ahead, 16);
  EXPECT_EQ(plan.message, "");
  EXPECT_EQ(PlanMemory({0, 300'000'000, 64, kBatch, kBlock}).fit_threads, 64);
}

TEST(MemoryPlan, LittleMeansFewerThreadsAndSaysSo) {
  const MemoryPlan plan = PlanMemory({1'200'000'000, 300'000'000, 4, kBatch, kBlock});
  EXPECT_EQ(plan.fit_threads, 2);
  EXPECT_THAT(plan.message, ::testing::HasSubstr("2 of 4 threads"));
}

TEST(MemoryPlan, NeverLessThanOneThread) {
  const MemoryPlan plan = PlanMemory({100, 300'000'000, 4, kBatch, kBlock});
  EXPECT_EQ(plan.fit_threads, 1);
  EXPECT_EQ(plan.batches_ahead, 4);
}

TEST(EngineMemory, LeavesRoomForTheThreads) {
  EXPECT_EQ(EngineMemory(0, 90'000'000, 4), 0);
  const std::int64_t one = EngineMemory(450'000'000, 90'000'000, 1);
  EXPECT_LT(one, 360'000'000);
  EXPECT_GT(one, 300'000'000);
  EXPECT_LT(EngineMemory(450'000'000, 90'000'000, 8), one);
  EXPECT_EQ(EngineMemory(50'000'000, 90'000'000, 1), 1);
}

}  // namespace
}  // namespace pomona
