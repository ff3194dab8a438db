#include "pomona/features/int8_ranges.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ChooseInt8Ranges, TakesTheLargestOfAllImages) {
  const std::vector<float> maxima = {1, 5, 3,  //
                                     2, 4, 0};
  EXPECT_THAT(ChooseInt8Ranges({maxima.data(), 2, 3}).ValueOrDie(), ElementsAre(2, 5, 3));
}

TEST(ChooseInt8Ranges, LayersWithoutARangeAreNamed) {
  EXPECT_TRUE(ChooseInt8Ranges({nullptr, 0, 3}).status().IsInvalid());
  const std::vector<float> silent = {1, 0};
  EXPECT_THAT(ChooseInt8Ranges({silent.data(), 1, 2}).status().message(), HasSubstr("convolution 2 gives no positive"));
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const std::vector<float> maxima = {bad, 1};
    EXPECT_THAT(ChooseInt8Ranges({maxima.data(), 1, 2}).status().message(),
                HasSubstr("convolution 1 gives non-finite"));
  }
}

}  // namespace
}  // namespace pomona
