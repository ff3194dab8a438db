#include "pomona/features/feature_extractor.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(FeatureExtractorNames, GoThereAndBack) {
  for (const Pooling pooling : {Pooling::kMax, Pooling::kAverage, Pooling::kNone}) {
    EXPECT_EQ(PoolingFromName(PoolingName(pooling)), pooling);
  }
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    EXPECT_EQ(PrecisionFromName(PrecisionName(precision)), precision);
  }
  EXPECT_EQ(PoolingName(Pooling::kAverage), "avg");
  EXPECT_EQ(PrecisionName(Precision::kBfloat16), "bf16");
}

TEST(FeatureExtractorNames, UnknownNamesAreNothing) {
  EXPECT_EQ(PoolingFromName("Max"), std::nullopt);
  EXPECT_EQ(PrecisionFromName(""), std::nullopt);
}

}  // namespace
}  // namespace pomona
