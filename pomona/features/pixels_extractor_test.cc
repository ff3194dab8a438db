#include "pomona/features/pixels_extractor.h"

#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(PixelsExtractor, GivesThePixels) {
  const auto extractor = MakePixelsExtractor(5, 3).ValueOrDie();
  EXPECT_EQ(extractor->dim(), 45);
  EXPECT_EQ(extractor->image_width(), 5);
  EXPECT_EQ(extractor->image_height(), 3);
  EXPECT_EQ(extractor->engine(), "native");
  EXPECT_EQ(extractor->weights_sha256(), "");
  const auto session = extractor->NewSession().ValueOrDie();
  for (int i = 0; i < 2; ++i) {
    for (int k = 0; k < 45; ++k) session->input(i)[k] = static_cast<std::uint8_t>(5 * k + i);
  }
  std::vector<float> features(90);
  ASSERT_TRUE(session->Run(2, {features.data(), 2, 45}).ok());
  for (std::size_t k = 0; k < 45; ++k) {
    EXPECT_EQ(features[k], static_cast<float>(5 * k));
    EXPECT_EQ(features[45 + k], static_cast<float>(5 * k + 1));
  }
}

TEST(PixelsExtractor, WrongShapesAreErrors) {
  EXPECT_TRUE(MakePixelsExtractor(0, 16).status().IsInvalid());
  EXPECT_TRUE(MakePixelsExtractor(16, 100000).status().IsInvalid());
  const auto extractor = MakePixelsExtractor(2, 2).ValueOrDie();
  const auto session = extractor->NewSession().ValueOrDie();
  std::vector<float> features(24);
  EXPECT_TRUE(session->Run(1, {features.data(), 1, 11}).IsInvalid());
  EXPECT_TRUE(session->Run(3, {features.data(), 2, 12}).IsInvalid());
  EXPECT_TRUE(session->Run(extractor->batch_size() + 1, {features.data(), 1000, 12}).IsInvalid());
  EXPECT_TRUE(session->Run(0, {features.data(), 0, 12}).ok());
}

}  // namespace
}  // namespace pomona
