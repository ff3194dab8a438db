#include "pomona/image/resize_coefficients.h"

#include <cmath>

#include <gtest/gtest.h>

namespace pomona {
namespace {

std::int32_t Tap(const AxisTable& table, int out, int tap) {
  const std::size_t pair =
      static_cast<std::size_t>(out) * static_cast<std::size_t>(table.pairs) + static_cast<std::size_t>(tap) / 2;
  const auto half = [&](std::int32_t both) {
    return tap % 2 == 0 ? static_cast<std::int16_t>(both & 0xFFFF) : both >> 16;
  };
  return half(table.high[pair]) * (1 << kLowBits) + half(table.low[pair]);
}

TEST(MakeAxisTable, TapsOfEachSampleAddUpToOne) {
  for (const ResizeFilter filter : {ResizeFilter::kBilinear, ResizeFilter::kBicubic, ResizeFilter::kLanczos}) {
    for (const auto& [in, out] : {std::pair{100, 224}, {348, 224}, {1920, 224}, {7, 3}, {1, 5}, {5, 1}}) {
      const AxisTable table = MakeAxisTable(filter, in, out);
      EXPECT_EQ(table.pairs % 2, 0);
      for (int i = 0; i < out; ++i) {
        std::int64_t sum = 0;
        for (int tap = 0; tap < 2 * table.pairs; ++tap) sum += Tap(table, i, tap);
        EXPECT_NEAR(static_cast<double>(sum), 1 << kCoefficientBits, table.pairs);
        const auto at = static_cast<std::size_t>(i);
        EXPECT_GE(table.first[at], 0);
        EXPECT_GE(table.count[at], 1);
        EXPECT_LE(table.first[at] + table.count[at], in);
        for (int tap = table.count[at]; tap < 2 * table.pairs; ++tap) EXPECT_EQ(Tap(table, i, tap), 0);
      }
    }
  }
}

TEST(MakeAxisTable, HalvingBilinear) {
  // Four samples under a triangle of half-width 2: 1/8 3/8 3/8 1/8.
  const AxisTable table = MakeAxisTable(ResizeFilter::kBilinear, 8, 4);
  EXPECT_EQ(table.first[1], 1);
  EXPECT_EQ(Tap(table, 1, 0), (1 << kCoefficientBits) / 8);
  EXPECT_EQ(Tap(table, 1, 1), (1 << kCoefficientBits) * 3 / 8);
  EXPECT_EQ(Tap(table, 1, 3), (1 << kCoefficientBits) / 8);
}

TEST(MakeAxisTable, BicubicAndLanczosOvershoot) {
  EXPECT_LT(Tap(MakeAxisTable(ResizeFilter::kBicubic, 10, 20), 10, 0), 0);
  EXPECT_LT(Tap(MakeAxisTable(ResizeFilter::kLanczos, 10, 20), 10, 1), 0);
}

TEST(NearestSamples, MiddleOfEachOutput) {
  EXPECT_EQ(NearestSamples(4, 2), (std::vector<std::int32_t>{1, 3}));
  EXPECT_EQ(NearestSamples(2, 4), (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(NearestSamples(1, 3), (std::vector<std::int32_t>{0, 0, 0}));
  EXPECT_EQ(NearestSamples(5, 1), (std::vector<std::int32_t>{2}));
}

}  // namespace
}  // namespace pomona
