#include "pomona/base/random_digits.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(RandomDigits, AreOthersEachTime) {
  const std::string digits = RandomDigits(32);
  EXPECT_EQ(digits.size(), 32U);
  EXPECT_EQ(digits.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(digits, RandomDigits(32));
}

}  // namespace
}  // namespace pomona
