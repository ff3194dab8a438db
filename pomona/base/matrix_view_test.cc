#include "pomona/base/matrix_view.h"

#include <array>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(MatrixView, IsRowMajor) {
  std::array<float, 6> values = {1, 2, 3, 4, 5, 6};
  const MatrixView<float> view{values.data(), 2, 3};
  EXPECT_EQ(view(1, 0), 4);
  EXPECT_EQ(view.row(1)[2], 6);
  const MatrixView<const float> tail = view.rows_between(1, 1);
  EXPECT_EQ(tail.rows, 1);
  EXPECT_EQ(tail(0, 1), 5);
}

}  // namespace
}  // namespace pomona
