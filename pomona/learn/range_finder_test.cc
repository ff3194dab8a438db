#include "pomona/learn/range_finder.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/column_moments.h"
#include "pomona/learn/memory_rows.h"
#include "pomona/learn/random_numbers.h"
#include "pomona/learn/reduction.h"

namespace pomona {
namespace {

constexpr std::int64_t kRows = 600;
constexpr std::int64_t kDim = 90;

// Rows of a given rank plus noise; the strength of direction r falls as r^-decay.
std::vector<float> LowRankRows(std::int64_t rank, double decay, double noise) {
  std::vector<float> values(kRows * kDim);
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < kDim; ++j) {
      double sum = noise * RandomNormal(3, static_cast<std::uint64_t>(i * kDim + j));
      for (std::int64_t r = 0; r < rank; ++r) {
        sum += std::pow(static_cast<double>(r + 1), -decay) * RandomNormal(1, static_cast<std::uint64_t>(i * 100 + r)) *
               RandomNormal(2, static_cast<std::uint64_t>(r * kDim + j));
      }
      values[static_cast<std::size_t>(i * kDim + j)] = static_cast<float>(sum);
    }
  }
  return values;
}

StandardScaler ScalerOf(const MemoryRows& rows) {
  auto moments = ColumnMoments::Make(rows.dim()).ValueOrDie();
  EXPECT_TRUE(rows.Visit(0, [&](const RowBlock& block) { return moments.Update(block); }).ok());
  return StandardScaler::Make(moments.count(), moments.mean(), moments.m2(), 1).ValueOrDie();
}

void ExpectOrthonormal(const Matrix& rows) {
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t k = 0; k <= i; ++k) {
      double dot = 0;
      for (std::int64_t j = 0; j < rows.cols; ++j) dot += rows.view()(i, j) * rows.view()(k, j);
      EXPECT_NEAR(dot, i == k ? 1 : 0, 1e-12);
    }
  }
}

TEST(RangeFinderTest, FindsWhatTheExactPathFinds) {
  for (const double decay : {0.0, 0.5, 2.0}) {
    const auto values = LowRankRows(40, decay, 0.3);
    const MemoryRows rows({values.data(), kRows, kDim});
    const auto exact = FitReduction(rows, {.components = 5}).ValueOrDie();
    const auto found = FindLeadingComponents(rows, ScalerOf(rows), {.components = 5}).ValueOrDie();
    EXPECT_TRUE(found.converged);
    EXPECT_LE(found.passes, 32);
    ASSERT_EQ(found.variances.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(found.variances[i], exact.explained_variance[i], 1e-8 * exact.explained_variance[i]);
    }
    ExpectOrthonormal(found.components);
  }
}

TEST(RangeFinderTest, RankBelowTheOrderIsFoundOut) {
  // 90 columns, but columns 9 apart are equal: rank 9.
  std::vector<float> values(kRows * kDim);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(RandomNormal(4, (i / kDim) * 100 + i % kDim % 9));
  }
  const MemoryRows rows({values.data(), kRows, kDim});
  for (const std::int64_t wanted : {3, 8, 9, 10, 40, 200}) {
    const auto found = FindLeadingComponents(rows, ScalerOf(rows), {.components = wanted}).ValueOrDie();
    EXPECT_EQ(static_cast<std::int64_t>(found.variances.size()), std::min<std::int64_t>(wanted, 9));
    EXPECT_TRUE(found.converged);
    ExpectOrthonormal(found.components);
  }
}

TEST(RangeFinderTest, EqualVariancesAreFine) {
  // Every column on its own: 24 variances of nearly 1, 4 rows a column.
  std::vector<float> values(96 * 24, 0.0F);
  for (std::size_t i = 0; i < 96; ++i) values[i * 24 + i % 24] = (i / 24) % 2 == 0 ? 1.0F : -1.0F;
  const MemoryRows rows({values.data(), 96, 24});
  const auto found = FindLeadingComponents(rows, ScalerOf(rows), {.components = 6}).ValueOrDie();
  ASSERT_EQ(found.variances.size(), 6U);
  for (const double variance : found.variances) EXPECT_NEAR(variance, 1, 1e-12);
  ExpectOrthonormal(found.components);
}

TEST(RangeFinderTest, StopsAtTheLastPassAndSaysSo) {
  const auto values = LowRankRows(0, 1, 1.0);
  const MemoryRows rows({values.data(), kRows, kDim});
  const auto found = FindLeadingComponents(rows, ScalerOf(rows), {.components = 3, .max_passes = 3}).ValueOrDie();
  EXPECT_FALSE(found.converged);
  EXPECT_EQ(found.passes, 3);
  EXPECT_GT(found.move, 1e-6);
  EXPECT_EQ(found.variances.size(), 3U);
  ExpectOrthonormal(found.components);
}

TEST(RangeFinderTest, SeedMattersBelowTheToleranceOnly) {
  const auto values = LowRankRows(30, 0.5, 0.1);
  const MemoryRows rows({values.data(), kRows, kDim});
  const auto one = FindLeadingComponents(rows, ScalerOf(rows), {.components = 4, .seed = 1}).ValueOrDie();
  const auto two = FindLeadingComponents(rows, ScalerOf(rows), {.components = 4, .seed = 2}).ValueOrDie();
  EXPECT_NE(one.components.values, two.components.values);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(one.variances[i], two.variances[i], 1e-8 * one.variances[i]);
}

TEST(RangeFinderTest, RefusesNoComponents) {
  const auto values = LowRankRows(2, 1, 1.0);
  const MemoryRows rows({values.data(), kRows, kDim});
  EXPECT_TRUE(FindLeadingComponents(rows, ScalerOf(rows), {.components = 0}).status().IsInvalid());
  const MemoryRows other({values.data(), kRows, kDim / 2});
  EXPECT_TRUE(FindLeadingComponents(other, ScalerOf(rows), {.components = 2}).status().IsInvalid());
}

}  // namespace
}  // namespace pomona
