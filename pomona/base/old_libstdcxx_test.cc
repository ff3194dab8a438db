#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(OldLibstdcxxTest, WaitReturnsWithTheLockOnceItIsNotified) {
  std::mutex mutex;
  std::condition_variable changed;
  int turn = 0;
  const auto play = [&](int own, int other) {
    for (int i = 0; i < 1000; ++i) {
      std::unique_lock lock(mutex);
      while (turn != own) changed.wait(lock);
      EXPECT_TRUE(lock.owns_lock());
      turn = other;
      changed.notify_all();
    }
  };
  std::thread partner(play, 1, 0);
  play(0, 1);
  partner.join();
  EXPECT_EQ(turn, 0);
}

TEST(OldLibstdcxxTest, AnAssertionSaysWhatItFound) {
  const std::vector<int> three(3);
  const volatile std::size_t index = 3;
  EXPECT_DEATH(static_cast<void>(three[index]), "__n < this->size\\(\\)");
}

}  // namespace
}  // namespace pomona
