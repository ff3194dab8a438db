#include "pomona/pipeline/feature_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(FeatureParts, MetadataReadBack) {
  const FeaturePartInfo info{"vgg16", "abc", "f32", "{}", 7, {1024, 0, 3}};
  const FeaturePartInfo read = FeaturePartInfo::FromKeyValues(info.ToKeyValues(), "part").ValueOrDie();
  EXPECT_EQ(read.extractor, "vgg16");
  EXPECT_EQ(read.weights_sha256, "abc");
  EXPECT_EQ(read.first_block, 7);
  EXPECT_EQ(read.block_rows, info.block_rows);
}

TEST(FeatureParts, OtherFilesAreNamed) {
  auto values = FeaturePartInfo{"vgg16", "", "f32", "{}", 0, {}}.ToKeyValues();
  EXPECT_THAT(FeaturePartInfo::FromKeyValues({}, "x.parquet").status().message(), ::testing::HasSubstr("x.parquet"));
  values["pomona.format_version"] = "2";
  EXPECT_THAT(FeaturePartInfo::FromKeyValues(values, "x").status().message(), ::testing::HasSubstr("newer Pomona"));
  values["pomona.format_version"] = "one";
  EXPECT_FALSE(FeaturePartInfo::FromKeyValues(values, "x").ok());
  values["pomona.format_version"] = "1";
  values["pomona.block_rows"] = "[1,";
  EXPECT_FALSE(FeaturePartInfo::FromKeyValues(values, "x").ok());
}

TEST(FeatureParts, HoldAbout256MB) {
  EXPECT_EQ(BlocksAPart(512), 122);
  EXPECT_EQ(BlocksAPart(25'088), 2);
  EXPECT_EQ(BlocksAPart(1'000'000), 1);
}

}  // namespace
}  // namespace pomona
