#include "pomona/image/codec.h"

#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

TEST(CheckImageSize, NamesSizeAndLimit) {
  DecodeOptions options;
  options.max_pixels = 1'000'000;
  EXPECT_TRUE(CheckImageSize("PNG", 1000, 1000, options).ok());
  const Status status = CheckImageSize("PNG", 1001, 1000, options);
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooLarge);
  EXPECT_EQ(status.message(),
            "the PNG header says 1001 x 1000 pixels = 1,001,000, more than the limit of 1,000,000: raise "
            "--max-image-pixels, or shrink or leave out this image");
}

TEST(CheckImageSize, SidesThatOverflowAreTooLarge) {
  DecodeOptions options;
  options.max_pixels = INT64_MAX;
  EXPECT_EQ(FailureCodeOf(CheckImageSize("BMP", INT64_C(1) << 40, INT64_C(1) << 40, options)), FailureCode::kTooLarge);
  EXPECT_EQ(FailureCodeOf(CheckImageSize("BMP", -5, 7, options)), FailureCode::kCorrupt);
}

TEST(AllocateImage, MemoryThatIsNotThereIsTooLarge) {
  DecodeOptions options;
  options.max_pixels = INT64_MAX;
  Image image;
  const std::int64_t side = INT32_MAX;
  EXPECT_EQ(FailureCodeOf(AllocateImage("BMP", side, side, options, &image)), FailureCode::kTooLarge);
}

TEST(AllocateImage, NothingOfTheImageBeforeShows) {
  Image image{2, 1, {1, 2, 3, 4, 5, 6}};
  ASSERT_TRUE(AllocateImage("BMP", 1, 1, {}, &image).ok());
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 0, 0}));
}

TEST(Failures, HaveTheirCodes) {
  EXPECT_EQ(FailureCodeOf(TruncatedImage("GIF", 12345)), FailureCode::kTruncated);
  EXPECT_THAT(TruncatedImage("GIF", 12345).message(), HasSubstr("12,345 bytes"));
  EXPECT_EQ(FailureCodeOf(CorruptImage("GIF", "no frame")), FailureCode::kCorrupt);
  EXPECT_THAT(CorruptImage("GIF", "\xFF").message(), HasSubstr("%FF"));
  EXPECT_EQ(FailureCodeOf(UnsupportedImage("GIF", "of the moon")), FailureCode::kUnsupported);
}

TEST(InkToLight, KeepsTheEndsAndRounds) {
  EXPECT_EQ(InkToLight(0, 255), 255);
  EXPECT_EQ(InkToLight(255, 255), 0);
  EXPECT_EQ(InkToLight(0, 0), 0);
  EXPECT_EQ(InkToLight(128, 255), 127);
  for (int ink = 0; ink < 256; ++ink) {
    for (int light = 0; light < 256; ++light) {
      EXPECT_EQ(InkToLight(ink, light), light - (ink * light * 2 + 255) / 510);
    }
  }
}

}  // namespace
}  // namespace pomona
