#include "pomona/learn/standard_scaler.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(StandardScalerTest, ScaleIsTheStandardDeviation) {
  const auto spark = StandardScaler::Make(5, {1, 2, 3}, std::vector<double>{16, 0, 1}, 1).ValueOrDie();
  EXPECT_THAT(spark.scale, ElementsAre(2, 0, 0.5));
  EXPECT_THAT(spark.factor, ElementsAre(0.5, 0, 2));
  EXPECT_THAT(spark.VaryingColumns(), ElementsAre(0, 2));
  EXPECT_EQ(spark.TotalVariance(), 2);
  const auto scikit = StandardScaler::Make(4, {1, 2, 3}, std::vector<double>{16, 0, 1}, 0).ValueOrDie();
  EXPECT_THAT(scikit.scale, ElementsAre(2, 0, 0.5));
  EXPECT_DOUBLE_EQ(scikit.TotalVariance(), 2 * 4.0 / 3.0);
}

TEST(StandardScalerTest, RefusesWhatHasNoDeviation) {
  EXPECT_THAT(StandardScaler::Make(1, {1}, std::vector<double>{0}, 1).status().message(),
              HasSubstr("at least 2 rows, got 1"));
  EXPECT_TRUE(StandardScaler::Make(3, {1}, std::vector<double>{0}, 2).status().IsInvalid());
  EXPECT_TRUE(StandardScaler::Make(3, {1}, std::vector<double>{0, 1}, 1).status().IsInvalid());
}

}  // namespace
}  // namespace pomona
