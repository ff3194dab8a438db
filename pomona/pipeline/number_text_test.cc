#include "pomona/pipeline/number_text.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(NumberText, IsTheShortestThatReadsBack) {
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(-3), "-3");
  EXPECT_EQ(NumberText(1.0 / 3), "0.3333333333333333");
  for (const double value : {1e-300, -5.5e17, std::numeric_limits<double>::max(), 4.9e-324}) {
    EXPECT_EQ(ParseNumber(NumberText(value)), value);
  }
}

TEST(NumberText, ParsesAWholeTextOrNothing) {
  EXPECT_EQ(ParseNumber("+2.5"), 2.5);
  EXPECT_EQ(ParseNumber("1e3"), 1000);
  EXPECT_FALSE(ParseNumber(""));
  EXPECT_FALSE(ParseNumber("1,5"));
  EXPECT_FALSE(ParseNumber("12 "));
  EXPECT_FALSE(ParseNumber("twelve"));
}

}  // namespace
}  // namespace pomona
