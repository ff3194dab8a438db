#include "pomona/learn/matrix_product.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"

namespace pomona {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(MatrixProduct, GramFillsTheUpperTriangle) {
  const Matrix rows{2, 3, {1, 2, 3, 4, 5, 6}};
  Matrix gram{3, 3, std::vector<double>(9, -1)};
  Gram(rows.view(), gram.view(), false);
  EXPECT_THAT(gram.values, ElementsAre(17, 22, 27, -1, 29, 36, -1, -1, 45));
  Gram(rows.view(), gram.view(), true);
  EXPECT_THAT(gram.values, ElementsAre(34, 44, 54, -1, 58, 72, -1, -1, 90));
}

TEST(MatrixProduct, MultiplyTakesPartsOfMatrices) {
  const Matrix a{2, 3, {1, 2, 3, 4, 5, 6}};
  const Matrix b{2, 2, {1, 0, 2, 1}};
  Matrix out{2, 4, std::vector<double>(8, 1)};
  const StridedView<const double> last_two(a.values.data() + 1, 2, 2, 3);
  const StridedView<double> middle(out.values.data() + 1, 2, 2, 4);
  Multiply(Transpose::kNo, last_two, Transpose::kYes, b.view(), 1, 1, middle);
  EXPECT_THAT(out.values, ElementsAre(1, 3, 8, 1, 1, 6, 17, 1));
}

TEST(MatrixProduct, MultiplyWithNothingInsideKeepsTheRest) {
  const Matrix none = Matrix::Zeros(2, 0);
  Matrix out{2, 2, {1, 2, 3, 4}};
  Multiply(Transpose::kNo, none.view(), Transpose::kYes, none.view(), 1, 1, out.view());
  EXPECT_THAT(out.values, ElementsAre(1, 2, 3, 4));
}

// The sum by its definition, in long double.
double Expected(const Matrix& a, const Matrix& b, std::int64_t i, std::int64_t j) {
  long double sum = 0;
  for (std::int64_t k = 0; k < a.cols; ++k) sum += static_cast<long double>(a.view()(i, k)) * b.view()(k, j);
  return static_cast<double>(sum);
}

Matrix Transposed(const Matrix& matrix) {
  Matrix result = Matrix::Zeros(matrix.cols, matrix.rows);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::int64_t j = 0; j < matrix.cols; ++j) result.view()(j, i) = matrix.view()(i, j);
  }
  return result;
}

// Sizes around the width of a panel, the length of a chain and what is packed at a time; all ways to lay out a factor.
TEST(MatrixProduct, EqualsTheDefinition) {
  struct Shape {
    std::int64_t rows, terms, cols;
  };
  for (const auto& [rows, terms, cols] :
       {Shape{1, 1, 1}, {3, 5, 7}, {8, 128, 24}, {9, 129, 25}, {23, 127, 48}, {50, 300, 31}, {520, 130, 1030}}) {
    const Matrix a = RandomMatrix(rows, terms, 1);
    const Matrix b = RandomMatrix(terms, cols, 2);
    const Matrix a_turned = Transposed(a);
    const Matrix b_turned = Transposed(b);
    const Matrix before = RandomMatrix(rows, cols, 3);
    for (const bool turn_a : {false, true}) {
      for (const bool turn_b : {false, true}) {
        Matrix out = before;
        Multiply(turn_a ? Transpose::kYes : Transpose::kNo, (turn_a ? a_turned : a).view(),
                 turn_b ? Transpose::kYes : Transpose::kNo, (turn_b ? b_turned : b).view(), 2, 0.5, out.view());
        const std::int64_t step = std::max<std::int64_t>(1, rows * cols / 2000);  // large ones by samples
        for (std::int64_t at = 0; at < rows * cols; at += step) {
          const double expected = 0.5 * before.values[at] + 2 * Expected(a, b, at / cols, at % cols);
          ASSERT_NEAR(out.values[at], expected, 1e-13 * static_cast<double>(terms)) << rows << "x" << cols << " " << at;
        }
      }
    }
  }
}

TEST(MatrixProduct, WritesOnlyThePartAskedFor) {
  for (const std::int64_t size : {1, 7, 24, 25, 60, 1100}) {
    const Matrix rows = RandomMatrix(40, size, 4);
    Matrix all = Matrix::Zeros(size, size);
    Multiply(Transpose::kYes, rows.view(), Transpose::kNo, rows.view(), 1, 0, all.view());
    Matrix upper{size, size, std::vector<double>(static_cast<std::size_t>(size * size), -7)};
    Matrix lower = upper;
    Gram(rows.view(), upper.view(), false);
    Multiply(Transpose::kYes, rows.view(), Transpose::kNo, rows.view(), 1, 0, lower.view(), ProductPart::kLower);
    for (std::int64_t i = 0; i < size; ++i) {
      for (std::int64_t j = 0; j < size; ++j) {
        ASSERT_EQ(upper.view()(i, j), j >= i ? all.view()(i, j) : -7) << i << ", " << j;
        ASSERT_EQ(lower.view()(i, j), j <= i ? all.view()(i, j) : -7) << i << ", " << j;
      }
    }
  }
}

TEST(MatrixProduct, DoesNotReadWhatItOverwrites) {
  const Matrix rows = RandomMatrix(30, 50, 5);
  Matrix out{50, 50, std::vector<double>(2500, std::nan(""))};
  Multiply(Transpose::kYes, rows.view(), Transpose::kNo, rows.view(), 1, 0, out.view());
  for (const double value : out.values) ASSERT_TRUE(std::isfinite(value));
  const Matrix none = Matrix::Zeros(0, 50);
  Multiply(Transpose::kYes, none.view(), Transpose::kNo, none.view(), 1, 0, out.view());
  EXPECT_THAT(out.values, Each(0));
}

// What a part of a product is computed with must not show: neither its neighbours nor its position in a tile.
TEST(MatrixProduct, BitsDependOnRowAndColumnAlone) {
  const Matrix a = RandomMatrix(70, 400, 6);
  const Matrix b = RandomMatrix(400, 90, 7);
  Matrix all = Matrix::Zeros(70, 90);
  Multiply(Transpose::kNo, a.view(), Transpose::kNo, b.view(), 1, 0, all.view());
  for (const std::int64_t row : {0, 5, 13, 69}) {
    for (const std::int64_t column : {0, 11, 37, 89}) {
      double alone = 0;
      const StridedView<const double> one_column(b.values.data() + column, 400, 1, 90);
      Multiply(Transpose::kNo, a.view().rows_between(row, 1), Transpose::kNo, one_column, 1, 0,
               StridedView<double>(&alone, 1, 1, 1));
      EXPECT_EQ(alone, all.view()(row, column));
    }
  }
}

}  // namespace
}  // namespace pomona
