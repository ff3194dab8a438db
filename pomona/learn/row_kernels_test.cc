#include "pomona/learn/row_kernels.h"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<float> kValues = {1, 10, 100,  //
                                    2, 20, 200,  //
                                    3, 30, 300,  //
                                    4, 40, 400,  //
                                    5, 50, 500};
const MatrixView<const float> kRows{kValues.data(), 5, 3};

TEST(RowKernelsTest, SumsOfSomeColumns) {
  std::vector<double> sums(2, -1);
  ColumnSums(kRows, {1, 2}, sums);
  EXPECT_THAT(sums, ElementsAre(150, 1500));
  ColumnSquares(kRows, {1, 2}, std::vector<double>{30, 300}, sums);
  EXPECT_THAT(sums, ElementsAre(1000, 100000));
  ColumnSums({kValues.data(), 0, 3}, {1, 2}, sums);
  EXPECT_THAT(sums, ElementsAre(0, 0));
}

TEST(RowKernelsTest, StandardizeAndCenter) {
  std::vector<double> out(4);
  Standardize(kRows.rows_between(1, 2), {1, 2}, std::vector<double>{10, 100}, std::vector<double>{0.5, 0},
              {out.data(), 2, 2});
  EXPECT_THAT(out, ElementsAre(5, 0, 10, 0));
  Center(kRows.rows_between(1, 2), {1, 2}, std::vector<double>{10, 100}, {out.data(), 2, 2});
  EXPECT_THAT(out, ElementsAre(10, 100, 20, 200));
}

TEST(RowKernelsTest, Additions) {
  std::vector<double> sums = {1, 2};
  AddTo(sums, std::vector<double>{10, 20});
  EXPECT_THAT(sums, ElementsAre(11, 22));
  AddWithStep(sums, std::vector<double>{1, 1}, 2, std::vector<double>{100, 200});
  EXPECT_THAT(sums, ElementsAre(212, 423));
}

TEST(RowKernelsTest, NamesTheFirstRowThatIsNotFinite) {
  EXPECT_TRUE(CheckFinite({kRows, {}}).ok());
  std::vector<float> values = kValues;
  values[7] = std::numeric_limits<float>::quiet_NaN();
  values[11] = std::numeric_limits<float>::infinity();
  const MatrixView<const float> rows{values.data(), 5, 3};
  const auto name = [](std::int64_t i) { return "fruit/" + std::to_string(i) + ".jpg"; };
  EXPECT_THAT(CheckFinite({rows, name}).message(), HasSubstr("fruit/2.jpg: feature 1 is NaN"));
  EXPECT_THAT(CheckFinite({rows, {}}).message(), HasSubstr("row 2 of the block"));
  values[7] = 0;
  EXPECT_THAT(CheckFinite({rows, name}).message(), HasSubstr("fruit/3.jpg: feature 2 is infinite"));
}

}  // namespace
}  // namespace pomona
