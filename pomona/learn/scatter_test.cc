#include "pomona/learn/scatter.h"

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
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(3 + RandomNormal(seed, i));
  return values;
}

ScatterState Of(const std::vector<float>& values, std::int64_t dim) {
  auto state = ScatterState::Make(dim).ValueOrDie();
  EXPECT_TRUE(state.Update({{values.data(), static_cast<std::int64_t>(values.size()) / dim, dim}, {}}).ok());
  return state;
}

void ExpectClose(const ScatterState& a, const ScatterState& b, double tolerance) {
  ASSERT_EQ(a.count(), b.count());
  for (std::int64_t i = 0; i < a.dim(); ++i) {
    const double scale = std::sqrt(b.m2()[static_cast<std::size_t>(i)]) + 1e-300;
    EXPECT_NEAR(a.mean()[static_cast<std::size_t>(i)], b.mean()[static_cast<std::size_t>(i)], 1e-13);
    for (std::int64_t j = i; j < a.dim(); ++j) {
      const double bound = tolerance * scale * std::sqrt(b.m2()[static_cast<std::size_t>(j)]);
      EXPECT_NEAR(a.scatter().view()(i, j), b.scatter().view()(i, j), bound);
    }
  }
}

TEST(ScatterStateTest, KnownAnswer) {
  const auto state = Of({1, 2, 3, 6, 5, 10}, 2);
  EXPECT_EQ(state.count(), 3);
  EXPECT_THAT(state.mean(), ElementsAre(3, 6));
  EXPECT_EQ(state.scatter().view()(0, 0), 8);
  EXPECT_EQ(state.scatter().view()(0, 1), 16);
  EXPECT_EQ(state.scatter().view()(1, 1), 32);
  EXPECT_THAT(state.m2(), ElementsAre(8, 32));
}

TEST(ScatterStateTest, UpdateInPartsAndMergeEqualOneUpdate) {
  const std::int64_t dim = 17;
  const std::int64_t rows = 1500;  // more than one panel
  const auto all = RandomRows(rows * dim, 1);
  const auto whole = Of(all, dim);
  for (const std::int64_t cut : {0, 1, 700, 1499, 1500}) {
    const auto middle = all.begin() + cut * dim;
    const std::vector<float> first(all.begin(), middle);
    const std::vector<float> second(middle, all.end());
    auto merged = Of(first, dim);
    ASSERT_TRUE(merged.Merge(Of(second, dim)).ok());
    ExpectClose(merged, whole, 1e-13);
    auto updated = Of(first, dim);
    ASSERT_TRUE(updated.Update({{second.data(), rows - cut, dim}, {}}).ok());
    EXPECT_EQ(updated.scatter().values, merged.scatter().values);
  }
}

TEST(ScatterStateTest, MergeIsAssociativeUpToRounding) {
  const auto a = Of(RandomRows(400, 1), 8);
  const auto b = Of(RandomRows(80, 2), 8);
  const auto c = Of(RandomRows(4000, 3), 8);
  auto left = a;
  ASSERT_TRUE(left.Merge(b).ok());
  ASSERT_TRUE(left.Merge(c).ok());
  auto tail = b;
  ASSERT_TRUE(tail.Merge(c).ok());
  auto right = a;
  ASSERT_TRUE(right.Merge(tail).ok());
  ExpectClose(left, right, 1e-13);
}

TEST(ScatterStateTest, FarFromZeroNothingIsLost) {
  // At 10^6 with unit deviation a one-pass sum of squares would keep four digits.
  std::vector<float> near;
  std::vector<float> far;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const auto value = static_cast<float>(std::round(8 * RandomNormal(5, i)) / 8);
    near.push_back(value);
    far.push_back(value + 1048576.0F);
  }
  EXPECT_NEAR(Of(far, 2).m2()[0], Of(near, 2).m2()[0], 1e-12 * Of(near, 2).m2()[0]);
}

TEST(ScatterStateTest, ConstantColumnStaysExactlyZero) {
  std::vector<float> values = RandomRows(3000, 4);
  for (std::size_t i = 1; i < values.size(); i += 3) values[i] = 0.1F;
  auto state = Of(values, 3);
  ASSERT_TRUE(state.Merge(Of({1, 0.1F, 2, 3, 0.1F, 4, 5, 0.1F, 7}, 3)).ok());
  EXPECT_EQ(state.scatter().view()(1, 1), 0);
  EXPECT_EQ(state.scatter().view()(0, 1), 0);
  EXPECT_EQ(state.scatter().view()(1, 2), 0);
}

TEST(ScatterStateTest, EmptyStatesAndNoRows) {
  auto state = ScatterState::Make(2).ValueOrDie();
  ASSERT_TRUE(state.Update({{nullptr, 0, 2}, {}}).ok());
  ASSERT_TRUE(state.Merge(ScatterState::Make(2).ValueOrDie()).ok());
  EXPECT_EQ(state.count(), 0);
  const auto full = Of({1, 2, 3, 5}, 2);
  ASSERT_TRUE(state.Merge(full).ok());
  ASSERT_TRUE(state.Merge(ScatterState::Make(2).ValueOrDie()).ok());
  EXPECT_EQ(state.scatter().values, full.scatter().values);
  state.Clear();
  EXPECT_EQ(state.count(), 0);
  EXPECT_THAT(state.m2(), ElementsAre(0, 0));
}

TEST(ScatterStateTest, RefusesAndStaysAsItWas) {
  EXPECT_TRUE(ScatterState::Make(0).status().IsInvalid());
  EXPECT_TRUE(ScatterState::Make(ScatterState::kMaxDim + 1).status().IsCapacityError());
  auto state = Of({1, 2, 3, 5}, 2);
  const auto before = state.scatter().values;
  const std::vector<float> bad = {1, std::numeric_limits<float>::quiet_NaN()};
  const auto name = [](std::int64_t) { return std::string("b.jpg"); };
  EXPECT_THAT(state.Update({{bad.data(), 1, 2}, name}).message(), HasSubstr("b.jpg: feature 1 is NaN"));
  EXPECT_TRUE(state.Update({{bad.data(), 2, 1}, name}).IsInvalid());
  EXPECT_TRUE(state.Merge(ScatterState::Make(3).ValueOrDie()).IsInvalid());
  EXPECT_EQ(state.scatter().values, before);
  EXPECT_EQ(state.count(), 2);
}

TEST(ScatterStateTest, BytesComeBack) {
  const auto state = Of(RandomRows(200, 9), 5);
  const std::string bytes = state.Serialize();
  EXPECT_EQ(bytes.size(), 8 + 16 + 8 * (5 + 15));
  const auto again = ScatterState::Deserialize(bytes).ValueOrDie();
  EXPECT_EQ(again.count(), state.count());
  EXPECT_EQ(again.mean(), state.mean());
  EXPECT_EQ(again.scatter().values, state.scatter().values);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ScatterState::Deserialize(std::string_view(bytes).substr(0, size)).ok());
  }
  EXPECT_FALSE(ScatterState::Deserialize(bytes + "x").ok());
  std::string wrong = bytes;
  wrong[15] = '\x7f';  // a dimension far too large
  EXPECT_FALSE(ScatterState::Deserialize(wrong).ok());
}

}  // namespace
}  // namespace pomona
