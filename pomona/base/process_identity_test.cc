#include "pomona/base/process_identity.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pomona {
namespace {

TEST(ProcessIdentity, ThisProcessLivesAndIsToldFromOthers) {
  const ProcessIdentity self = ProcessIdentity::Self();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_FALSE(self.host.empty());
  EXPECT_GT(self.started_ticks, 0);
  EXPECT_EQ(LifeOf(self), ProcessLife::kAlive);
  ProcessIdentity later = self;
  ++later.started_ticks;
  EXPECT_EQ(LifeOf(later), ProcessLife::kDead) << "its number was given to another process since";
  for (std::string ProcessIdentity::* part :
       {&ProcessIdentity::host, &ProcessIdentity::boot, &ProcessIdentity::pid_namespace}) {
    ProcessIdentity elsewhere = self;
    elsewhere.*part += "x";
    EXPECT_EQ(LifeOf(elsewhere), ProcessLife::kUnknown);
  }
}

TEST(ProcessIdentity, AKilledProcessIsDeadEvenBeforeItsParentAsks) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const ProcessIdentity self = ProcessIdentity::Self();
    if (write(ends[1], &self.started_ticks, sizeof(self.started_ticks)) < 0) _exit(1);
    for (;;) pause();
  }
  ProcessIdentity identity = ProcessIdentity::Self();
  identity.pid = child;
  ASSERT_EQ(read(ends[0], &identity.started_ticks, sizeof(identity.started_ticks)),
            static_cast<ssize_t>(sizeof(identity.started_ticks)));
  EXPECT_EQ(LifeOf(identity), ProcessLife::kAlive);
  kill(child, SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // it stays a zombie
  EXPECT_EQ(LifeOf(identity), ProcessLife::kDead);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(LifeOf(identity), ProcessLife::kDead);
  close(ends[0]);
  close(ends[1]);
}

TEST(ProcessIdentity, GoesThroughJson) {
  const ProcessIdentity self = ProcessIdentity::Self();
  const ProcessIdentity back = ProcessIdentity::FromJson(self.ToJson(), "test").ValueOrDie();
  EXPECT_EQ(back.ToJson(), self.ToJson());
  EXPECT_FALSE(ProcessIdentity::FromJson(Json::object(), "test").ok());
}

}  // namespace
}  // namespace pomona
