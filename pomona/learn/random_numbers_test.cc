#include "pomona/learn/random_numbers.h"

#include <cmath>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(RandomNumbersTest, SplitMix64KnownValues) {
  // The first outputs of SplitMix64 with seed 1234567, as its authors' reference program prints them.
  EXPECT_EQ(RandomBits(1234567, 0), 6457827717110365317U);
  EXPECT_EQ(RandomBits(1234567, 1), 3203168211198807973U);
  EXPECT_EQ(RandomBits(1234567, 2), 9817491932198370423U);
}

TEST(RandomNumbersTest, MomentsOfTheNormal) {
  constexpr int kCount = 200000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  double neighbours = 0;
  double before = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = RandomNormal(42, static_cast<std::uint64_t>(i));
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
    neighbours += value * before;
    before = value;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.01);
  EXPECT_NEAR(fourths / kCount, 2.9, 0.06);  // 3 - 1.2 / 12 for a sum of twelve uniform numbers
  EXPECT_NEAR(neighbours / kCount, 0, 0.01);
}

TEST(RandomNumbersTest, SeedsDiffer) { EXPECT_NE(RandomNormal(1, 0), RandomNormal(2, 0)); }

}  // namespace
}  // namespace pomona
