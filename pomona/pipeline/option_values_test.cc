#include "pomona/pipeline/option_values.h"

#include <gtest/gtest.h>

namespace pomona::option_values {
namespace {

TEST(OptionValues, BytesTakeUnits) {
  std::int64_t bytes = 0;
  ASSERT_TRUE(Bytes("1.5GiB", &bytes).ok());
  EXPECT_EQ(bytes, 1'610'612'736);
  ASSERT_TRUE(Bytes("300 MB", &bytes).ok());
  EXPECT_EQ(bytes, 300'000'000);
  ASSERT_TRUE(Bytes(4096, &bytes).ok());
  EXPECT_EQ(bytes, 4096);
  EXPECT_FALSE(Bytes("-1", &bytes).ok());
  EXPECT_FALSE(Bytes("GB", &bytes).ok());
}

TEST(OptionValues, ImageSizes) {
  NetworkOptions network;
  ASSERT_TRUE(ParseImageSize("150x97", &network).ok());
  EXPECT_EQ(network.image_width, 150);
  EXPECT_EQ(network.image_height, 97);
  EXPECT_EQ(ImageSizeText(network), "150x97");
  ASSERT_TRUE(ParseImageSize(nullptr, &network).ok());
  EXPECT_TRUE(ImageSizeText(network).is_null());
  for (const char* wrong : {"", "x", "10x", "x10", "10x10x10", "-4", "1.5", "99999"}) {
    EXPECT_FALSE(ParseImageSize(wrong, &network).ok()) << wrong;
  }
}

TEST(OptionValues, LabelRules) {
  LabelRule rule;
  ASSERT_TRUE(ParseLabelRule("regex:a(b)", &rule).ok());
  EXPECT_EQ(rule.pattern, "a(b)");
  EXPECT_EQ(LabelRuleText(rule), "regex:a(b)");
  ASSERT_TRUE(ParseLabelRule("none", &rule).ok());
  EXPECT_EQ(LabelRuleText(rule), "none");
}

TEST(OptionValues, PrecisionAutoIsAFlagOfItsOwn) {
  RunOptions options;
  ASSERT_TRUE(ParsePrecision("auto", &options).ok());
  EXPECT_TRUE(options.auto_precision);
  EXPECT_EQ(PrecisionText(options), "auto");
  ASSERT_TRUE(ParsePrecision("bf16", &options).ok());
  EXPECT_FALSE(options.auto_precision);
  EXPECT_EQ(PrecisionText(options), "bf16");
}

}  // namespace
}  // namespace pomona::option_values
