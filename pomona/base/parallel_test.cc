#include "pomona/base/parallel.h"

#include <atomic>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : {0, 1, 2, 8}) {
    std::mutex mutex;
    std::multiset<std::int64_t> seen;
    ASSERT_TRUE(ParallelFor(100, threads, [&](std::int64_t i) {
                  const std::lock_guard lock(mutex);
                  seen.insert(i);
                  return Status::OK();
                }).ok());
    EXPECT_EQ(seen.size(), 100u);
    EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 100u);
  }
}

TEST(ParallelFor, NothingToDo) {
  EXPECT_TRUE(ParallelFor(0, 4, [](std::int64_t) { return Status::Invalid("called"); }).ok());
}

TEST(ParallelFor, ReturnsTheErrorOfTheLowestIndex) {
  const Status status = ParallelFor(64, 8, [](std::int64_t i) { return i >= 3 ? Status::Invalid(i) : Status::OK(); });
  EXPECT_EQ(status.message(), "3");
}

TEST(ParallelFor, LackOfMemoryInATaskIsAnError) {
  const Status status = ParallelFor(8, 2, [](std::int64_t i) -> Status {
    if (i == 5) throw std::bad_alloc();
    return Status::OK();
  });
  EXPECT_TRUE(status.IsOutOfMemory());
}

TEST(ParallelFor, StopsWhenCancelled) {
  Cancellation cancellation;
  std::atomic<int> calls{0};
  const Status status = ParallelFor(
      1'000'000, 2,
      [&](std::int64_t) {
        if (++calls == 10) cancellation.Cancel();
        return Status::OK();
      },
      &cancellation);
  EXPECT_TRUE(status.IsCancelled());
  EXPECT_LT(calls.load(), 20);
}

}  // namespace
}  // namespace pomona
