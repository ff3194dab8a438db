#include "pomona/pipeline/ordered.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Ordered, ConsumesInOrderWhateverTheThreads) {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::int64_t> consumed;
    std::atomic<std::int64_t> waiting{0};
    std::atomic<std::int64_t> most{0};
    const Status status = ParallelInOrder<std::int64_t>(
        200, threads,
        [&](std::int64_t i) -> Result<std::int64_t> {
          most = std::max(most.load(), ++waiting);
          if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
          return i * i;
        },
        [&](std::int64_t i, std::int64_t value) {
          --waiting;
          EXPECT_EQ(value, i * i);
          consumed.push_back(i);
          return Status::OK();
        },
        nullptr);
    ASSERT_TRUE(status.ok());
    ASSERT_EQ(consumed.size(), 200U);
    EXPECT_TRUE(std::is_sorted(consumed.begin(), consumed.end()));
    EXPECT_LE(most, 3 * threads + threads);
  }
}

TEST(Ordered, TheFirstErrorEndsIt) {
  const auto consume = [](std::int64_t, int) { return Status::OK(); };
  Status status = ParallelInOrder<int>(
      100, 3, [](std::int64_t i) -> Result<int> { return i == 20 ? Result<int>(Status::IOError("made")) : 1; }, consume,
      nullptr);
  EXPECT_EQ(status.message(), "made");
  status = ParallelInOrder<int>(
      100, 3, [](std::int64_t) -> Result<int> { return 1; },
      [](std::int64_t i, int) { return i == 30 ? Status::IOError("consumed") : Status::OK(); }, nullptr);
  EXPECT_EQ(status.message(), "consumed");
}

TEST(Ordered, StopsWhenCancelled) {
  Cancellation cancellation;
  const Status status = ParallelInOrder<int>(
      1'000'000, 2, [](std::int64_t) -> Result<int> { return 1; },
      [&](std::int64_t i, int) {
        if (i == 50) cancellation.Cancel();
        return Status::OK();
      },
      &cancellation);
  EXPECT_TRUE(status.IsCancelled());
}

}  // namespace
}  // namespace pomona
