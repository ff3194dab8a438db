#include "pomona/base/exhaustion.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace pomona {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Exhaustion, LackOfMemoryBecomesAnError) {
  const Status status = CatchExhaustion([]() -> Status { throw std::bad_alloc(); });
  EXPECT_TRUE(status.IsOutOfMemory());
  EXPECT_THAT(status.message(), HasSubstr("out of memory"));
  const auto result = CatchExhaustion([]() -> Result<int> { return 7; });
  EXPECT_EQ(result.ValueOrDie(), 7);
}

TEST(Exhaustion, NamesTheLimitOfTheAddressSpace) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = rlim_t{1} << 45U;  // wide enough for every sanitizer
  ASSERT_EQ(setrlimit(RLIMIT_AS, &lower), 0);
  const std::string advice = MessageWithAdvice(Status::OutOfMemory("malloc failed"));
  const std::string of_library = MessageWithAdvice(Status::IOError("ZSTD: not enough memory"));
  const std::string thread = MessageWithAdvice(Status::IOError("Failed to launch worker thread: Resource ..."));
  const std::string other = MessageWithAdvice(Status::IOError("No such file"));
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_THAT(advice, AllOf(HasSubstr("malloc failed"), HasSubstr("35 TB"), HasSubstr("RLIMIT_AS"),
                            HasSubstr("ulimit -v unlimited")));
  EXPECT_THAT(of_library, AllOf(HasSubstr("ZSTD"), HasSubstr("RLIMIT_AS")));
  EXPECT_THAT(thread, AllOf(HasSubstr("worker thread"), HasSubstr("RLIMIT_AS")));
  EXPECT_EQ(other, "No such file");
}

TEST(Exhaustion, LackOfThreadsBecomesAnError) {
  const Status status = CatchExhaustion(
      []() -> Status { throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again)); });
  EXPECT_THAT(status.message(), AllOf(HasSubstr("no further thread"), HasSubstr("--threads")));
}

}  // namespace
}  // namespace pomona
