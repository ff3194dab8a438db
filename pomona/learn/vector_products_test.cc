#include "pomona/learn/vector_products.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"

namespace pomona {
namespace {

// A sum of eight interleaved ones, joined by halves: the order that the header promises, without vectors.
double Dot(const double* a, const double* b, std::int64_t count) {
  std::vector<double> sums(8);
  const std::int64_t whole = count / 8 * 8;
  for (std::int64_t i = 0; i < count; ++i) {
    const volatile double product = a[i] * b[i];
    sums[static_cast<std::size_t>(i < whole ? i % 8 : 0)] += product;
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

class VectorProducts : public testing::TestWithParam<std::int64_t> {};

TEST_P(VectorProducts, DotProductsHaveOneOrder) {
  const std::int64_t length = GetParam();
  const Matrix rows = RandomMatrix(7, length + 3, 1);
  const Matrix x = RandomMatrix(1, length, 2);
  std::vector<double> out(7, 1);
  AddDotProducts({rows.values.data() + 2, 7, length, length + 3}, x.values.data(), 2, out.data());
  for (std::int64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(out[static_cast<std::size_t>(i)],
              1 + 2 * Dot(rows.values.data() + i * (length + 3) + 2, x.values.data(), length));
  }
}

TEST_P(VectorProducts, WeightedRowsAreAddedInOrder) {
  const std::int64_t length = GetParam();
  const Matrix rows = RandomMatrix(6, length, 3);
  const Matrix weights = RandomMatrix(1, 6, 4);
  std::vector<double> out(static_cast<std::size_t>(length), 0.25);
  std::vector<double> expected = out;
  AddWeightedRows(weights.values.data(), rows.view(), out.data());
  for (std::int64_t i = 0; i < 6; ++i) {
    for (std::int64_t j = 0; j < length; ++j) {
      const volatile double product = weights.values[static_cast<std::size_t>(i)] * rows.view()(i, j);
      expected[static_cast<std::size_t>(j)] += product;
    }
  }
  EXPECT_EQ(out, expected);
}

TEST_P(VectorProducts, OuterProductIsAddedToEveryRow) {
  const std::int64_t length = GetParam();
  Matrix rows = RandomMatrix(5, length, 5);
  const Matrix before = rows;
  const Matrix weights = RandomMatrix(1, 5, 6);
  const Matrix x = RandomMatrix(1, length, 7);
  AddOuterProduct(weights.values.data(), x.values.data(), rows.view());
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t j = 0; j < length; ++j) {
      const volatile double product =
          weights.values[static_cast<std::size_t>(i)] * x.values[static_cast<std::size_t>(j)];
      ASSERT_EQ(rows.view()(i, j), before.view()(i, j) + product);
    }
  }
}

TEST_P(VectorProducts, SymmetricProductReadsTheUpperTriangleAlone) {
  const std::int64_t size = GetParam();
  Matrix upper = RandomMatrix(size, size, 8);
  const Matrix x = RandomMatrix(1, size, 9);
  std::vector<double> expected(static_cast<std::size_t>(size), 3);
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j < size; ++j) {
      expected[static_cast<std::size_t>(i)] += upper.view()(std::min(i, j), std::max(i, j)) * x.values[j];
    }
    for (std::int64_t j = 0; j < i; ++j) upper.view()(i, j) = 1e300;
  }
  std::vector<double> out(static_cast<std::size_t>(size), 3);
  AddSymmetricProduct(upper.view(), x.values.data(), out.data());
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], expected[i], 1e-13 * static_cast<double>(size));
}

INSTANTIATE_TEST_SUITE_P(Lengths, VectorProducts, testing::Values(1, 3, 4, 7, 8, 9, 16, 31, 100, 257));

}  // namespace
}  // namespace pomona
