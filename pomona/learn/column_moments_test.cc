#include "pomona/learn/column_moments.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/random_numbers.h"

namespace pomona {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> RandomRows(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(5 + RandomNormal(seed, i));
  return values;
}

ColumnMoments Of(const std::vector<float>& values, std::int64_t dim) {
  auto moments = ColumnMoments::Make(dim).ValueOrDie();
  EXPECT_TRUE(moments.Update({{values.data(), static_cast<std::int64_t>(values.size()) / dim, dim}, {}}).ok());
  return moments;
}

TEST(ColumnMomentsTest, KnownAnswer) {
  const auto moments = Of({1, 5, 2, 5, 3, 5, 4, 5}, 2);
  EXPECT_EQ(moments.count(), 4);
  EXPECT_THAT(moments.mean(), ElementsAre(2.5, 5));
  EXPECT_THAT(moments.m2(), ElementsAre(5, 0));
}

TEST(ColumnMomentsTest, MergeEqualsOneUpdate) {
  const std::int64_t dim = 300;  // more than one tile
  const auto all = RandomRows(90 * dim, 1);
  const auto whole = Of(all, dim);
  for (const std::int64_t cut : {0, 1, 45, 89, 90}) {
    const auto middle = all.begin() + cut * dim;
    auto left = Of({all.begin(), middle}, dim);
    ASSERT_TRUE(left.Merge(Of({middle, all.end()}, dim)).ok());
    EXPECT_EQ(left.count(), 90);
    for (std::size_t j = 0; j < static_cast<std::size_t>(dim); ++j) {
      EXPECT_NEAR(left.mean()[j], whole.mean()[j], 1e-14 * 5);
      EXPECT_NEAR(left.m2()[j], whole.m2()[j], 1e-12 * whole.m2()[j]);
    }
  }
}

TEST(ColumnMomentsTest, EqualValuesHaveExactlyNoDeviation) {
  for (const float value : {0.1F, -0.0F, 3.0e38F, 1.0e-45F, 16777217.0F, 1.0F / 3.0F}) {
    auto moments = Of(std::vector<float>(7, value), 1);
    ASSERT_TRUE(moments.Merge(Of(std::vector<float>(1000, value), 1)).ok());
    ASSERT_TRUE(moments.Merge(Of(std::vector<float>(13, value), 1)).ok());
    EXPECT_EQ(moments.m2()[0], 0) << value;
    EXPECT_EQ(moments.mean()[0], static_cast<double>(value));
  }
}

TEST(ColumnMomentsTest, TheSmallestDifferenceCounts) {
  for (const float value : {0.1F, 3.0e38F, 1.0e-45F, 16777217.0F}) {
    std::vector<float> values(2000, value);
    values[1234] = std::nextafter(value, 0.0F);
    EXPECT_GT(Of(values, 1).m2()[0], 0) << value;
  }
}

TEST(ColumnMomentsTest, RefusesWhatIsNotFiniteAndStaysAsItWas) {
  auto moments = Of({1, 2, 3, 4}, 2);
  const std::vector<float> bad = {1, 2, std::numeric_limits<float>::infinity(), -1};
  const auto name = [](std::int64_t i) { return "a/" + std::to_string(i) + ".png"; };
  EXPECT_THAT(moments.Update({{bad.data(), 2, 2}, name}).message(), HasSubstr("a/1.png: feature 0 is infinite"));
  const std::vector<float> both = {std::numeric_limits<float>::infinity(), 0, -std::numeric_limits<float>::infinity(),
                                   0};
  EXPECT_TRUE(moments.Update({{both.data(), 2, 2}, name}).IsInvalid());
  EXPECT_TRUE(moments.Update({{bad.data(), 1, 3}, name}).IsInvalid());
  EXPECT_EQ(moments.count(), 2);
  EXPECT_THAT(moments.mean(), ElementsAre(2, 3));
  EXPECT_TRUE(ColumnMoments::Make(0).status().IsInvalid());
  EXPECT_TRUE(moments.Merge(ColumnMoments::Make(3).ValueOrDie()).IsInvalid());
}

TEST(ColumnMomentsTest, BytesComeBack) {
  const auto moments = Of(RandomRows(60, 3), 3);
  const std::string bytes = moments.Serialize();
  const auto again = ColumnMoments::Deserialize(bytes).ValueOrDie();
  EXPECT_EQ(again.count(), moments.count());
  EXPECT_EQ(again.mean(), moments.mean());
  EXPECT_EQ(again.m2(), moments.m2());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ColumnMoments::Deserialize(std::string_view(bytes).substr(0, size)).ok());
  }
  EXPECT_FALSE(ColumnMoments::Deserialize(bytes + "x").ok());
}

}  // namespace
}  // namespace pomona
