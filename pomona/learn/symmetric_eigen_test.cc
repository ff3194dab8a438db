#include "pomona/learn/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"
#include "pomona/learn/orthonormal_rows.h"

namespace pomona {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(SymmetricEigenTest, SolvesTwoByTwo) {
  const auto eigen = SymmetricEigen::Make({2, 2, {2, 1, -99, 2}}).ValueOrDie();  // the lower triangle is not read
  EXPECT_THAT(eigen.values(), ElementsAre(DoubleNear(3, 1e-15), DoubleNear(1, 1e-15)));
  const Matrix vectors = eigen.LeadingVectors(2).ValueOrDie();
  EXPECT_NEAR(std::abs(vectors.view()(0, 0)), std::sqrt(0.5), 1e-15);
  EXPECT_NEAR(vectors.view()(0, 0), vectors.view()(0, 1), 1e-15);
  EXPECT_NEAR(vectors.view()(1, 0), -vectors.view()(1, 1), 1e-15);
}

TEST(SymmetricEigenTest, SmallestSizes) {
  const auto none = SymmetricEigen::Make(Matrix::Zeros(0, 0)).ValueOrDie();
  EXPECT_TRUE(none.values().empty());
  EXPECT_EQ(none.LeadingVectors(0).ValueOrDie().rows, 0);
  const auto one = SymmetricEigen::Make({1, 1, {4}}).ValueOrDie();
  EXPECT_THAT(one.values(), ElementsAre(4));
  EXPECT_EQ(std::abs(one.LeadingVectors(1).ValueOrDie().values[0]), 1);
  EXPECT_TRUE(one.LeadingVectors(2).status().IsInvalid());
  EXPECT_TRUE(SymmetricEigen::Make(Matrix::Zeros(2, 3)).status().IsInvalid());
}

// Residual and orthogonality over spectra that are hard for one method or another.
TEST(SymmetricEigenTest, HardSpectra) {
  constexpr std::int64_t kSize = 120;  // beyond what LAPACK works on at a time
  const auto spectrum = [](int kind, std::int64_t i) -> double {
    switch (kind) {
      case 0:
        return 1;  // all equal
      case 1:
        return i < 5 ? 10 : 1e-13 * static_cast<double>(i);  // low rank and rounding
      case 2:
        return std::pow(10.0, -static_cast<double>(i) / 10);  // twelve orders of magnitude
      case 3:
        return 1 + 1e-12 * static_cast<double>(i);  // one tight cluster
      default:
        return std::floor(1 + static_cast<double>(i) / 3);  // triples
    }
  };
  for (int kind = 0; kind < 5; ++kind) {
    SCOPED_TRACE(kind);
    Matrix basis = RandomMatrix(kSize, kSize, static_cast<std::uint64_t>(kind));
    ASSERT_TRUE(OrthonormalizeRows(basis).ok());
    Matrix scaled = basis;
    for (std::int64_t i = 0; i < kSize; ++i) {
      for (double& value : scaled.view().row(i)) value *= spectrum(kind, i);
    }
    Matrix matrix = Matrix::Zeros(kSize, kSize);
    Multiply(Transpose::kYes, basis.view(), Transpose::kNo, scaled.view(), 1, 0, matrix.view());
    const auto eigen = SymmetricEigen::Make(matrix).ValueOrDie();
    const double largest = eigen.values().front();
    EXPECT_TRUE(std::is_sorted(eigen.values().rbegin(), eigen.values().rend()));
    for (const std::int64_t count : {std::int64_t{1}, std::int64_t{7}, kSize}) {
      const Matrix vectors = eigen.LeadingVectors(count).ValueOrDie();
      EXPECT_LT(DistanceFromIdentity(vectors), 1e-12);
      Matrix image = Matrix::Zeros(count, kSize);
      Multiply(Transpose::kNo, vectors.view(), Transpose::kNo, matrix.view(), 1, 0, image.view());
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t j = 0; j < kSize; ++j) {
          const double expected = eigen.values()[static_cast<std::size_t>(i)] * vectors.view()(i, j);
          ASSERT_NEAR(image.view()(i, j), expected, 1e-12 * largest);
        }
      }
    }
  }
}

TEST(SymmetricEigenTest, ManyThreadsGetTheBitsOfOne) {
  const auto work = [] {
    const Matrix rows = RandomMatrix(300, 130, 5);
    Matrix gram = Matrix::Zeros(130, 130);
    Gram(rows.view(), gram.view(), false);
    Matrix product = Matrix::Zeros(300, 300);
    Multiply(Transpose::kNo, rows.view(), Transpose::kYes, rows.view(), 1, 0, product.view());
    const auto eigen = SymmetricEigen::Make(gram).ValueOrDie();
    std::vector<double> all = gram.values;
    all.insert(all.end(), product.values.begin(), product.values.end());
    all.insert(all.end(), eigen.values().begin(), eigen.values().end());
    const Matrix vectors = eigen.LeadingVectors(20).ValueOrDie();
    all.insert(all.end(), vectors.values.begin(), vectors.values.end());
    return all;
  };
  const std::vector<double> alone = work();
  for (int round = 0; round < 5; ++round) {
    std::vector<std::vector<double>> found(8);
    {
      std::vector<std::jthread> threads;
      threads.reserve(found.size());
      for (auto& result : found) threads.emplace_back([&] { result = work(); });
    }
    for (const auto& result : found) EXPECT_EQ(result, alone);
  }
}

}  // namespace
}  // namespace pomona
