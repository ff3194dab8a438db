#include "pomona/base/failure.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Failure, CarriesItsCode) {
  const Status status = ImageFailure(FailureCode::kTooLarge, "40,000 x 40,000 pixels");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "40,000 x 40,000 pixels");
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooLarge);
}

TEST(Failure, OtherErrorsHaveNoCode) {
  EXPECT_EQ(FailureCodeOf(Status::IOError("disk")), std::nullopt);
  EXPECT_EQ(FailureCodeOf(Status::OK()), std::nullopt);
}

TEST(Failure, NamesAreThoseOfTheQuarantineFile) {
  for (const char* name : {"empty", "unknown-format", "corrupt", "truncated", "too-large", "too-slow", "unsupported",
                           "unreadable", "non-finite", "changed", "missing"}) {
    const std::optional<FailureCode> code = FailureCodeFromName(name);
    ASSERT_TRUE(code.has_value()) << name;
    EXPECT_EQ(FailureCodeName(*code), name);
  }
  EXPECT_EQ(FailureCodeFromName("fine"), std::nullopt);
}

}  // namespace
}  // namespace pomona
