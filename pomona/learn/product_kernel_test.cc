#include "pomona/learn/product_kernel.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/learn/matrix_for_test.h"

namespace pomona {
namespace {

bool RoundsOnce(SimdTarget target) { return target != SimdTarget::kSse4 && target != SimdTarget::kGeneric; }

// One chain of multiply-adds an element, which round once or twice.
double Chain(const Matrix& a, const Matrix& b, std::int64_t i, std::int64_t j, bool once) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.rows; ++k) {
    const double left = a.view()(k, i);
    const double right = b.view()(k, j);
    const volatile double product = left * right;
    sum = once ? std::fma(left, right, sum) : sum + product;
  }
  return sum;
}

TEST(ProductKernel, EveryInstructionSetGivesTheBitsOfTheDefinition) {
  const Matrix rows = RandomMatrix(100, 37, 1);
  const Matrix columns = RandomMatrix(100, 53, 2);
  for (const SimdTarget target : UsableSimdTargets()) {
    const ProductKernel& kernel = ProductKernelFor(target);
    SCOPED_TRACE(SimdTargetName(target));
    EXPECT_EQ(kernel.panel_width % kernel.tile_rows, 0);
    EXPECT_EQ(kernel.panel_width % kernel.lanes, 0);
    Matrix product = RandomMatrix(37, 53, 3);
    const Matrix before = product;
    Multiply(Transpose::kYes, rows.view(), Transpose::kNo, columns.view(), -3, 1, product.view(), ProductPart::kAll,
             kernel);
    for (std::int64_t i = 0; i < 37; ++i) {
      for (std::int64_t j = 0; j < 53; ++j) {
        const double scaled = -3 * Chain(rows, columns, i, j, RoundsOnce(target));
        ASSERT_EQ(product.view()(i, j), before.view()(i, j) + scaled) << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace pomona
