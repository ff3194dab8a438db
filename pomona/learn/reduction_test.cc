#include "pomona/learn/reduction.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/memory_rows.h"
#include "pomona/learn/random_numbers.h"

namespace pomona {
namespace {

using testing::Contains;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Blocks of any sizes, as failures leave them.
class Blocks : public RowSource {
 public:
  Blocks(std::int64_t dim, std::vector<std::int64_t> sizes, std::uint64_t seed) : dim_(dim), sizes_(std::move(sizes)) {
    rows_ = std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0});
    values_.resize(static_cast<std::size_t>(rows_ * dim));
    for (std::int64_t i = 0; i < rows_; ++i) {
      const auto place = static_cast<std::uint64_t>(i * dim);
      for (std::int64_t j = 0; j < dim; ++j) {
        const double common = RandomNormal(seed + 1, static_cast<std::uint64_t>(i * 4 + j % 4));
        const double own = RandomNormal(seed, place + static_cast<std::uint64_t>(j));
        values_[static_cast<std::size_t>(i * dim + j)] = static_cast<float>(2 + common * static_cast<double>(j) + own);
      }
    }
  }

  std::int64_t dim() const override { return dim_; }
  std::int64_t row_count() const override { return rows_; }
  std::int64_t block_count() const override { return static_cast<std::int64_t>(sizes_.size()); }
  Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const override {
    const std::int64_t first = std::accumulate(sizes_.begin(), sizes_.begin() + block, std::int64_t{0});
    const MatrixView<const float> all{values_.data(), rows_, dim_};
    return visit({all.rows_between(first, sizes_[static_cast<std::size_t>(block)]),
                  [first](std::int64_t i) { return "photo " + std::to_string(first + i); }});
  }

  std::vector<float>& values() { return values_; }

 private:
  std::int64_t dim_;
  std::vector<std::int64_t> sizes_;
  std::int64_t rows_ = 0;
  std::vector<float> values_;
};

Reduction Fit(const RowSource& source, const ReductionOptions& options = {}) {
  return FitReduction(source, options).ValueOrDie();
}

std::string Error(const RowSource& source, const ReductionOptions& options = {}) {
  return FitReduction(source, options).status().message();
}

void ExpectSameBits(const Reduction& a, const Reduction& b) {
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_EQ(a.explained_variance, b.explained_variance);
  EXPECT_EQ(a.components.values, b.components.values);
  EXPECT_EQ(a.passes, b.passes);
}

TEST(ReductionTest, KnownAnswerOfTwoFeatures) {
  // Standardised, two features with correlation r have variances 1 + r and 1 - r along (1, 1) and (1, -1).
  const std::vector<float> values = {1, 10, 2, 30, 3, 20, 4, 40};
  const auto fit = Fit(MemoryRows({values.data(), 4, 2}));
  EXPECT_THAT(fit.mean, ElementsAre(2.5, 25));
  EXPECT_THAT(fit.scale,
              ElementsAre(DoubleNear(std::sqrt(5.0 / 3), 1e-15), DoubleNear(10 * std::sqrt(5.0 / 3), 1e-14)));
  EXPECT_THAT(fit.explained_variance, ElementsAre(DoubleNear(1.8, 1e-14), DoubleNear(0.2, 1e-14)));
  EXPECT_EQ(fit.total_variance, 2);
  EXPECT_EQ(fit.kept(), 2);
  const double half = std::sqrt(0.5);
  EXPECT_THAT(fit.components.values, ElementsAre(DoubleNear(half, 1e-14), DoubleNear(half, 1e-14),
                                                 DoubleNear(half, 1e-14), DoubleNear(-half, 1e-14)));
  EXPECT_THAT(fit.warnings, ElementsAre(HasSubstr("rank of 4 rows of 2 features is 2")));
}

TEST(ReductionTest, ThreadsDoNotChangeABit) {
  const Blocks rows(37, {100, 0, 1024, 3, 0, 700, 1024, 1, 50, 0, 0, 900}, 1);
  for (const std::int64_t exact_limit : {2048, 4}) {
    ReductionOptions options{.components = 6, .exact_limit = exact_limit};
    const auto alone = Fit(rows, options);
    EXPECT_EQ(alone.randomized, exact_limit == 4);
    EXPECT_EQ(alone.rows, 3802);
    for (int threads = 2; threads <= 8; ++threads) {
      options.threads = threads;
      ExpectSameBits(Fit(rows, options), alone);
    }
  }
}

TEST(ReductionTest, BothPathsAgree) {
  const Blocks rows(60, {1024, 500}, 2);
  for (const int ddof : {0, 1}) {
    const auto exact = Fit(rows, {.components = 5, .ddof = ddof});
    const auto random = Fit(rows, {.components = 5, .exact_limit = 10, .ddof = ddof});
    EXPECT_DOUBLE_EQ(exact.total_variance, random.total_variance);
    for (std::size_t j = 0; j < 60; ++j) EXPECT_NEAR(exact.scale[j], random.scale[j], 1e-13 * exact.scale[j]);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(random.explained_variance[i], exact.explained_variance[i], 1e-9 * exact.explained_variance[i]);
    }
    for (std::size_t i = 0; i < exact.components.values.size(); ++i) {
      EXPECT_NEAR(random.components.values[i], exact.components.values[i], 1e-6);
    }
    const double sum = std::accumulate(exact.explained_variance.begin(), exact.explained_variance.end(), 0.0);
    EXPECT_NEAR(sum, exact.total_variance, 1e-10);
  }
}

TEST(ReductionTest, WithoutStandardisingTheVariancesAreThoseOfTheData) {
  // Along (1, 2) the rows vary by 5 * 5 / 3, across it not at all but for the last two.
  const std::vector<float> values = {0, 0, 7, 1, 2, 7, 2, 4, 7, 3, 6, 7};
  ReductionOptions options;
  options.standardize = false;
  for (const std::int64_t limit : {std::int64_t{2}, std::int64_t{2048}}) {
    options.exact_limit = limit;
    const auto fit = Fit(MemoryRows({values.data(), 4, 3}), options);
    EXPECT_THAT(fit.scale, ElementsAre(1, 1, 0));
    EXPECT_THAT(fit.explained_variance, ElementsAre(DoubleNear(25.0 / 3, 1e-12)));
    EXPECT_DOUBLE_EQ(fit.total_variance, 25.0 / 3);
    EXPECT_THAT(fit.components.values, ElementsAre(DoubleNear(std::sqrt(0.2), 1e-12),
                                                   DoubleNear(2 * std::sqrt(0.2), 1e-12), DoubleNear(0, 1e-12)));
  }
}

TEST(ReductionTest, AStateGivesWhatItsRowsGive) {
  const Blocks blocks(6, {1024, 1024, 300}, 5);
  const ScatterState state = ReadScatter(blocks, 2).ValueOrDie();
  for (const bool standardize : {true, false}) {
    ReductionOptions options;
    options.standardize = standardize;
    options.components = 4;
    ExpectSameBits(FitReduction(state, options).ValueOrDie(), Fit(blocks, options));
  }
  ReductionOptions options;
  options.components = 7;
  EXPECT_THAT(FitReduction(state, options).status().message(), HasSubstr("is at most 6: ask for at most 6"));
  EXPECT_THAT(FitReduction(ScatterState::Make(3).ValueOrDie(), {}).status().message(),
              HasSubstr("at least 2 rows, got 0"));
}

TEST(ReductionTest, ConstantColumnsBecomeZero) {
  Blocks rows(6, {900, 400}, 3);
  for (std::size_t i = 2; i < rows.values().size(); i += 6) rows.values()[i] = 0.1F;
  for (std::size_t i = 4; i < rows.values().size(); i += 6) rows.values()[i] = i % 12 == 4 ? -0.0F : 0.0F;
  for (const std::int64_t exact_limit : {2048, 2}) {
    const auto fit = Fit(rows, {.components = 4, .exact_limit = exact_limit});
    EXPECT_EQ(fit.scale[2], 0);
    EXPECT_EQ(fit.scale[4], 0);
    EXPECT_EQ(fit.total_variance, 4);
    EXPECT_THAT(fit.warnings, Contains(HasSubstr("2 of 6 features are constant")));
    for (std::int64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(fit.components.view()(i, 2), 0);
      EXPECT_EQ(fit.components.view()(i, 4), 0);
    }
    EXPECT_THAT(Error(rows, {.components = 5, .exact_limit = exact_limit}),
                HasSubstr("5 components asked for, but the rank of 1300 rows of 6 features is 4"));
  }
}

TEST(ReductionTest, OnlyConstantColumnsHaveRankZero) {
  const std::vector<float> values(20, 7.5F);
  const MemoryRows rows({values.data(), 5, 4});
  for (const std::int64_t exact_limit : {2048, 2}) {
    const auto fit = Fit(rows, {.exact_limit = exact_limit});
    EXPECT_EQ(fit.kept(), 0);
    EXPECT_EQ(fit.total_variance, 0);
    EXPECT_THAT(fit.explained_variance, IsEmpty());
    EXPECT_THAT(fit.warnings, Contains(HasSubstr("rank of 5 rows of 4 features is 0")));
    EXPECT_THAT(Error(rows, {.components = 1, .exact_limit = exact_limit}), HasSubstr("is 0"));
  }
}

TEST(ReductionTest, DenormalsAndExtremesCount) {
  const std::vector<float> values = {1e-45F, 3e38F, -0.0F, 0, -3e38F, 0, 1e-45F, 3e38F, 0, 3e-45F, 1e38F, 0};
  const auto fit = Fit(MemoryRows({values.data(), 4, 3}));
  EXPECT_GT(fit.scale[0], 0);
  EXPECT_TRUE(std::isfinite(fit.scale[1]));
  EXPECT_EQ(fit.scale[2], 0);
  EXPECT_EQ(fit.explained_variance.size(), 2U);
  for (const double value : fit.components.values) EXPECT_TRUE(std::isfinite(value));
}

TEST(ReductionTest, FewerRowsThanFeatures) {
  const Blocks rows(50, {8}, 4);
  const auto fit = Fit(rows);
  EXPECT_EQ(fit.explained_variance.size(), 7U);
  EXPECT_EQ(fit.kept(), 7);
  EXPECT_THAT(fit.warnings, ElementsAre(HasSubstr("7 components are kept instead of 15")));
  EXPECT_THAT(Error(rows, {.components = 8}), HasSubstr("8 rows of 50 features is at most 7: ask for at most 7"));
}

TEST(ReductionTest, RowsThatAreAllAlike) {
  const std::vector<float> values(3 * 4, 2.5F);
  const MemoryRows rows({values.data(), 3, 4});
  EXPECT_EQ(Fit(rows).kept(), 0);
  const std::string error = Error(rows, {.components = 2});
  EXPECT_THAT(error, HasSubstr("2 components asked for, but the rank of 3 rows of 4 features is 0, for all are alike"));
  EXPECT_THAT(error, HasSubstr("ask for no number of components, and the fit is skipped"));
}

TEST(ReductionTest, OneIsSingular) {
  const std::vector<float> values = {1, 2, 1, 3, 1, 4};
  const auto fit = Fit(MemoryRows({values.data(), 3, 2}));
  EXPECT_THAT(fit.warnings, ElementsAre("1 of 2 features is constant: it becomes 0",
                                        "the rank of 3 rows of 2 features is 1: 1 component is kept instead of 15"));
}

TEST(ReductionTest, SignRule) {
  const Blocks rows(20, {500}, 5);
  const auto fit = Fit(rows, {.components = 20});
  for (std::int64_t i = 0; i < 20; ++i) {
    double largest = 0;
    for (const double value : fit.components.view().row(i)) {
      if (std::abs(value) > std::abs(largest)) largest = value;
    }
    EXPECT_GT(largest, 0);
  }
}

TEST(ReductionTest, ShareOfVariance) {
  const Blocks rows(30, {800}, 6);
  const auto all = Fit(rows, {.components = 30});
  for (const double share : {0.05, 0.5, 0.9, 1.0}) {
    double sum = 0;
    std::int64_t expected = 0;
    while (expected < 30 && sum < share * 30 - 1e-9)
      sum += all.explained_variance[static_cast<std::size_t>(expected++)];
    EXPECT_EQ(Fit(rows, {.variance = share}).kept(), expected);
    EXPECT_EQ(Fit(rows, {.variance = share, .exact_limit = 5}).kept(), expected);
  }
  EXPECT_EQ(Fit(rows, {.variance = 0.5}).explained_variance.size(), 30U);
}

TEST(ReductionTest, ShareOfVarianceOutOfReachIsSaid) {
  std::vector<float> values(700 * 600);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(RandomNormal(9, i));
  const MemoryRows rows({values.data(), 700, 600});
  const std::string error = Error(rows, {.variance = 0.99, .exact_limit = 100, .threads = 2});
  EXPECT_THAT(error, HasSubstr("256 components of 600 features explain only 0."));
}

TEST(ReductionTest, WrongOptionsAndTooFewRows) {
  const Blocks rows(4, {10}, 7);
  EXPECT_THAT(Error(rows, {.components = 0}), HasSubstr("want at least 1"));
  EXPECT_THAT(Error(rows, {.variance = 0.0}), HasSubstr("more than 0, at most 1"));
  EXPECT_THAT(Error(rows, {.variance = 1.5}), HasSubstr("more than 0, at most 1"));
  EXPECT_THAT(Error(rows, {.variance = std::nan("")}), HasSubstr("more than 0, at most 1"));
  EXPECT_THAT(Error(rows, {.components = 2, .variance = 0.5}), HasSubstr("one of them"));
  EXPECT_THAT(Error(rows, {.ddof = 3}), HasSubstr("ddof"));
  EXPECT_THAT(Error(Blocks(4, {0, 1, 0}, 7)), HasSubstr("at least 2 rows, got 1"));
  EXPECT_THAT(Error(Blocks(4, {}, 7)), HasSubstr("at least 2 rows, got 0"));
  EXPECT_THAT(Error(Blocks(0, {5}, 7)), HasSubstr("0 features"));
}

TEST(ReductionTest, ValuesThatAreNoNumbersNameTheirRow) {
  Blocks rows(5, {100, 100}, 8);
  rows.values()[151 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
  for (const std::int64_t exact_limit : {2048, 2}) {
    EXPECT_THAT(Error(rows, {.components = 2, .exact_limit = exact_limit, .threads = 3}),
                HasSubstr("photo 151: feature 2 is NaN"));
  }
}

TEST(ReductionTest, CanBeCancelled) {
  Cancellation cancellation;
  cancellation.Cancel();
  const Blocks rows(5, {100, 100}, 8);
  for (const std::int64_t exact_limit : {2048, 2}) {
    const ReductionOptions options{.components = 2, .exact_limit = exact_limit};
    EXPECT_TRUE(FitReduction(rows, options, &cancellation).status().IsCancelled());
  }
}

}  // namespace
}  // namespace pomona
