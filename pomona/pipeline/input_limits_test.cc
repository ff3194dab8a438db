#include "pomona/pipeline/input_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

TEST(InputLimits, NameTheRowAndTheLimit) {
  EXPECT_TRUE(
      CheckNameSizes(std::string(kLongestPath, 'p'), std::string(kLongestLabel, 'l'), [] { return "row 1"; }).ok());
  const Status path = CheckNameSizes(std::string(kLongestPath + 1, 'p'), "", [] { return "row 7 of list.csv"; });
  EXPECT_TRUE(IsUsageError(path));
  EXPECT_THAT(path.message(), ::testing::HasSubstr("row 7 of list.csv: the path has 8,193 bytes, more than the limit"));
  const Status label = CheckNameSizes("p", std::string(kLongestLabel + 1, 'l'), [] { return "row 8"; });
  EXPECT_THAT(label.message(), ::testing::HasSubstr("row 8: the label has 1,025 bytes"));
}

}  // namespace
}  // namespace pomona
