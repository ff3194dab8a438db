#include "pomona/models/subprocess.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(RunProcess, OutputAndExitCode) {
  const auto result = RunProcess({"sh", "-c", "echo out; echo error >&2; cat; exit 3"}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->output, "out\nerror\n");
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(RunProcess({"sh", "-c", "kill -9 $$"}, nullptr)->exit_code, 128 + 9);
}

TEST(RunProcess, KeepsTheEndOfLongOutput) {
  const auto result = RunProcess({"sh", "-c", "yes line | head -n 100000; echo the end"}, nullptr);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output.size(), 64U * 1024);
  EXPECT_THAT(result->output, testing::EndsWith("line\nthe end\n"));
}

TEST(RunProcess, ProgramThatIsNotThere) {
  EXPECT_THAT(RunProcess({"/nowhere/python"}, nullptr).status().message(), testing::HasSubstr("/nowhere/python"));
  EXPECT_TRUE(RunProcess({}, nullptr).status().IsInvalid());
}

TEST(RunProcess, CancellationEndsTheChildren) {
  Cancellation cancellation;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancellation.Cancel();
  });
  const auto result = RunProcess({"sh", "-c", "sleep 1000 & wait"}, &cancellation);
  canceller.join();
  EXPECT_TRUE(result.status().IsCancelled());
}

}  // namespace
}  // namespace pomona
