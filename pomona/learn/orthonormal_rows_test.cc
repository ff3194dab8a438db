#include "pomona/learn/orthonormal_rows.h"

#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"

namespace pomona {
namespace {

TEST(OrthonormalRows, SpanTheSame) {
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

TEST(OrthonormalRows, DependentRowsBecomeOrthonormalToo) {
  Matrix rows{3, 4, {1, 2, 3, 4, 2, 4, 6, 8, 0, 0, 0, 0}};
  ASSERT_TRUE(OrthonormalizeRows(rows).ok());
  EXPECT_LT(DistanceFromIdentity(rows), 1e-14);
  Matrix too_many = Matrix::Zeros(3, 2);
  EXPECT_TRUE(OrthonormalizeRows(too_many).IsInvalid());
  Matrix none = Matrix::Zeros(0, 4);
  EXPECT_TRUE(OrthonormalizeRows(none).ok());
}

// More rows than LAPACK takes at a time, so that its blocked form is used.
TEST(OrthonormalRows, ManyRows) {
  Matrix rows = RandomMatrix(150, 700, 2);
  ASSERT_TRUE(OrthonormalizeRows(rows).ok());
  EXPECT_LT(DistanceFromIdentity(rows), 1e-14);
}

}  // namespace
}  // namespace pomona
