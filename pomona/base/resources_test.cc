#include "pomona/base/resources.h"

#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

namespace pomona {
namespace {

TEST(Resources, ThreadsFollowTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(UsableThreads(), CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(UsableThreads(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(Resources, PeakResidentSizeGrowsWithUse) {
  const std::int64_t before = PeakResidentBytes();
  EXPECT_GT(before, 0);
  std::vector<char> block(128 << 20);
  std::memset(block.data(), 1, block.size());
  EXPECT_GE(PeakResidentBytes(), before + (64 << 20));
  EXPECT_LE(PeakResidentBytes(), MemoryLimit());
  const std::int64_t resident = ResidentBytes();  // before the peak, which the reading itself may raise
  EXPECT_GE(resident, 128 << 20);
  EXPECT_LE(resident, PeakResidentBytes());
}

#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
TEST(Resources, FreedMemoryGoesBackToTheSystem) {
  std::vector<std::unique_ptr<char[]>> pieces;
  for (int i = 0; i < 1024; ++i) {  // too small for the allocator to ask the system for each
    pieces.push_back(std::make_unique_for_overwrite<char[]>(64 << 10));
    std::memset(pieces.back().get(), 1, 64 << 10);
  }
  const std::unique_ptr<char[]> last = std::move(pieces.back());  // lies above them all
  pieces.clear();
  const std::int64_t before = ResidentBytes();
  ReleaseFreeMemory();
  EXPECT_LE(ResidentBytes(), before - (48 << 20));
}
#endif

TEST(Resources, CacheHasASizeThatCanBe) {
  const auto bytes = SecondLevelCacheBytes();
  if (!bytes) return;  // not every system tells
  EXPECT_GE(*bytes, 64 << 10);
  EXPECT_LE(*bytes, 1 << 30);
}

TEST(Resources, ProcessorIsDescribed) {
  EXPECT_FALSE(ProcessorName().empty());
  for (const std::string& set : InstructionSets()) EXPECT_FALSE(set.empty());
}

TEST(Resources, TellsTheLimitsOfTheProcess) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(ResourceLimits::OfThisProcess().open_files, 100);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);

  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  lower = before;
  lower.rlim_cur = before.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : 1'000'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &lower), 0);
  const std::optional<std::int64_t> file_size = ResourceLimits::OfThisProcess().file_size;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(file_size.has_value(), lower.rlim_cur != RLIM_INFINITY);
}

}  // namespace
}  // namespace pomona
