#include "pomona/pipeline/output_lock.h"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing_folder::Files;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

class OutputLockTest : public ::testing::Test {
 protected:
  OutputLockTest() {
    std::filesystem::create_directories(folder_.path());
    options_.beat = 20ms;
    options_.silence = 200ms;
  }

  Result<std::unique_ptr<OutputLock>> Acquire(const LockOptions& options) const {
    return OutputLock::Acquire(Location::Parse(folder_.path().string()).ValueOrDie(), "out", options, nullptr);
  }

  /// As a process of another machine would see itself.
  LockOptions Elsewhere() const {
    LockOptions options = options_;
    options.self.host = "far-away";
    options.self.boot = "another";
    return options;
  }

  /// A lock as its owner left it when it was killed: nobody renews it.
  void LeaveLock(const LockOptions& owner, std::int64_t seen_ms) const {
    const Json lock = {{"token", "t"},
                       {"process", owner.self.ToJson()},
                       {"started", "2026-01-02 03:04:05 UTC"},
                       {"started_ms", 0},
                       {"beats", 7},
                       {"seen_ms", seen_ms}};
    WriteFile(folder_ / "lock-0007.json", lock.dump());
  }

  static std::int64_t Now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  TempFolder folder_;
  LockOptions options_;
};

TEST_F(OutputLockTest, TheSecondIsToldOfTheFirst) {
  auto first = Acquire(options_).ValueOrDie();
  const Status second = Acquire(options_).status();
  EXPECT_TRUE(second.IsIOError());
  EXPECT_THAT(
      second.message(),
      AllOf(HasSubstr("out: another run is writing here"), HasSubstr("process " + std::to_string(options_.self.pid)),
            HasSubstr(options_.self.host), HasSubstr("started 20"), HasSubstr("last sign of life")));
  EXPECT_TRUE(first->Check().ok());
  first.reset();
  EXPECT_TRUE(Files(folder_.path()).empty());
  EXPECT_TRUE(Acquire(options_).ok());
}

TEST_F(OutputLockTest, ADeadProcessOfThisMachineIsFollowedAtOnce) {
  LockOptions dead = options_;
  dead.self.started_ticks += 1;
  LeaveLock(dead, Now());
  options_.silence = 1h;
  auto lock = Acquire(options_);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "lock-0007.json"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "lock-0008.json"));
}

TEST_F(OutputLockTest, AProcessElsewhereIsFollowedOnceItIsSilent) {
  LeaveLock(Elsewhere(), Now());
  options_.silence = 1h;
  EXPECT_THAT(Acquire(options_).status().message(), AllOf(HasSubstr("far-away"), HasSubstr("03:04:05 UTC")));
  LeaveLock(Elsewhere(), Now() - 2 * 3600 * 1000);
  EXPECT_TRUE(Acquire(options_).ok());
}

TEST_F(OutputLockTest, AClockThatIsBehindDoesNotMakeALivingOwnerSilent) {
  LockOptions behind = Elsewhere();
  behind.now_ms = [] { return Now() - 24 * 3600 * 1000; };
  const auto first = Acquire(behind).ValueOrDie();
  EXPECT_THAT(Acquire(options_).status().message(), HasSubstr("far-away"));
  EXPECT_TRUE(first->Check().ok());
}

TEST_F(OutputLockTest, ASignOfLifeFromTheFutureIsWatched) {
  LockOptions ahead = Elsewhere();
  ahead.now_ms = [] { return Now() + 24 * 3600 * 1000; };
  auto first = Acquire(ahead).ValueOrDie();
  EXPECT_THAT(Acquire(options_).status().message(), HasSubstr("still to come"));
  first.reset();
  LeaveLock(ahead, Now() + 24 * 3600 * 1000);  // dead, and our clock was stepped back
  EXPECT_TRUE(Acquire(options_).ok());
}

TEST_F(OutputLockTest, WhoWasTakenOverNotices) {
  LockOptions stopped = Elsewhere();
  stopped.now_ms = [] { return Now() - 24 * 3600 * 1000; };
  stopped.beat = 1s;  // so long is it "stopped"
  const auto first = Acquire(stopped).ValueOrDie();
  auto heir = Acquire(options_).ValueOrDie();
  for (int i = 0; i < 100 && first->Check().ok(); ++i) std::this_thread::sleep_for(50ms);
  EXPECT_THAT(first->Check().message(), HasSubstr("taken this output over"));
  EXPECT_TRUE(heir->Check().ok());
}

TEST_F(OutputLockTest, OfManyAtOnceOneWins) {
  options_.beat = 1h;  // files in the making are not counted below
  for (int round = 0; round < 20; ++round) {
    LockOptions dead = options_;
    dead.self.started_ticks += 1;
    if (round % 2 == 1) LeaveLock(dead, Now());
    std::vector<std::unique_ptr<OutputLock>> locks(6);
    std::vector<std::thread> threads;
    for (auto& lock : locks) {
      threads.emplace_back([&] {
        Result<std::unique_ptr<OutputLock>> acquired = Acquire(options_);
        if (acquired.ok()) lock = *std::move(acquired);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(locks.size() - static_cast<std::size_t>(std::count(locks.begin(), locks.end(), nullptr)), 1U);
    EXPECT_EQ(Files(folder_.path()).size(), 1U);
  }
}

TEST_F(OutputLockTest, ABrokenLockIsWatchedThenFollowed) {
  WriteFile(folder_ / "lock-0001.json", "{");
  EXPECT_TRUE(Acquire(options_).ok());
}

TEST_F(OutputLockTest, OnlyLocksOfTheDeadAreRemoved) {
  auto alive = Acquire(options_).ValueOrDie();
  LeaveLock(Elsewhere(), Now());
  OutputLock::RemoveDead(Location::Parse(folder_.path().string()).ValueOrDie());
  EXPECT_EQ(Files(folder_.path()).size(), 2U);
  alive.reset();
  LockOptions dead = options_;
  dead.self.started_ticks += 1;
  LeaveLock(dead, Now());
  OutputLock::RemoveDead(Location::Parse(folder_.path().string()).ValueOrDie());
  EXPECT_TRUE(Files(folder_.path()).empty());
}

TEST(OutputLock, KnowsItsNames) {
  for (const char* name : {"lock-0001.json", "lock-12345.json"}) EXPECT_TRUE(OutputLock::IsLockName(name)) << name;
  for (const char* name : {"lock-1.json", "lock-.json", "lock-000a.json", "lock-0001.json.part", "lock.json", ""}) {
    EXPECT_FALSE(OutputLock::IsLockName(name)) << name;
  }
}

}  // namespace
}  // namespace pomona
