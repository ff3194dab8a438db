#include "pomona/learn/blas.h"

#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/random_numbers.h"

namespace pomona::blas {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

Matrix RandomMatrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  Matrix matrix = Matrix::Zeros(rows, cols);
  for (std::size_t i = 0; i < matrix.values.size(); ++i) matrix.values[i] = RandomNormal(seed, i);
  return matrix;
}

double DistanceFromIdentity(const Matrix& rows) {
  Matrix gram = Matrix::Zeros(rows.rows, rows.rows);
  Multiply(Transpose::kNo, rows.view(), Transpose::kYes, rows.view(), 1, 0, gram.view());
  double worst = 0;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t j = 0; j < rows.rows; ++j) worst = std::max(worst, std::abs(gram.view()(i, j) - (i == j)));
  }
  return worst;
}

TEST(BlasTest, NamesLibraryAndKernel) {
  EXPECT_THAT(LibraryName(), HasSubstr("OpenBLAS 0."));
  EXPECT_FALSE(KernelName().empty());
}

TEST(BlasTest, GramFillsTheUpperTriangle) {
  const Matrix rows{2, 3, {1, 2, 3, 4, 5, 6}};
  Matrix gram{3, 3, std::vector<double>(9, -1)};
  Gram(rows.view(), gram.view(), false);
  EXPECT_THAT(gram.values, ElementsAre(17, 22, 27, -1, 29, 36, -1, -1, 45));
  Gram(rows.view(), gram.view(), true);
  EXPECT_THAT(gram.values, ElementsAre(34, 44, 54, -1, 58, 72, -1, -1, 90));
}

TEST(BlasTest, MultiplyTakesPartsOfMatrices) {
  const Matrix a{2, 3, {1, 2, 3, 4, 5, 6}};
  const Matrix b{2, 2, {1, 0, 2, 1}};
  Matrix out{2, 4, std::vector<double>(8, 1)};
  const StridedView<const double> last_two(a.values.data() + 1, 2, 2, 3);
  const StridedView<double> middle(out.values.data() + 1, 2, 2, 4);
  Multiply(Transpose::kNo, last_two, Transpose::kYes, b.view(), 1, 1, middle);
  EXPECT_THAT(out.values, ElementsAre(1, 3, 8, 1, 1, 6, 17, 1));
}

TEST(BlasTest, MultiplyWithNothingInsideKeepsTheRest) {
  const Matrix none = Matrix::Zeros(2, 0);
  Matrix out{2, 2, {1, 2, 3, 4}};
  Multiply(Transpose::kNo, none.view(), Transpose::kYes, none.view(), 1, 1, out.view());
  EXPECT_THAT(out.values, ElementsAre(1, 2, 3, 4));
}

TEST(BlasTest, OrthonormalRowsSpanTheSame) {
  Matrix rows = RandomMatrix(7, 50, 1);
  const Matrix before = rows;
  ASSERT_TRUE(OrthonormalizeRows(rows).ok());
  EXPECT_LT(DistanceFromIdentity(rows), 1e-14);
  // What the new rows do not explain of the old ones is nothing.
  Matrix cross = Matrix::Zeros(7, 7);
  Multiply(Transpose::kNo, before.view(), Transpose::kYes, rows.view(), 1, 0, cross.view());
  Matrix rest = before;
  Multiply(Transpose::kNo, cross.view(), Transpose::kNo, rows.view(), -1, 1, rest.view());
  for (const double value : rest.values) EXPECT_NEAR(value, 0, 1e-13);
}

TEST(BlasTest, DependentRowsBecomeOrthonormalToo) {
  Matrix rows{3, 4, {1, 2, 3, 4, 2, 4, 6, 8, 0, 0, 0, 0}};
  ASSERT_TRUE(OrthonormalizeRows(rows).ok());
  EXPECT_LT(DistanceFromIdentity(rows), 1e-14);
  Matrix too_many = Matrix::Zeros(3, 2);
  EXPECT_TRUE(OrthonormalizeRows(too_many).IsInvalid());
  Matrix none = Matrix::Zeros(0, 4);
  EXPECT_TRUE(OrthonormalizeRows(none).ok());
}

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
  constexpr std::int64_t kSize = 120;
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

TEST(BlasTest, ManyThreadsGetTheBitsOfOne) {
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
}  // namespace pomona::blas
