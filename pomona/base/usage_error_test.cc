#include "pomona/base/usage_error.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(UsageError, IsToldApartFromOtherInvalidInput) {
  EXPECT_TRUE(IsUsageError(UsageError("--threads: got -1, wanted at least 1")));
  EXPECT_FALSE(IsUsageError(Status::Invalid("a broken file")));
  EXPECT_FALSE(IsUsageError(Status::OK()));
}

TEST(UsageError, KeepsItsMessage) { EXPECT_EQ(UsageError("--threads: got -1").message(), "--threads: got -1"); }

}  // namespace
}  // namespace pomona
