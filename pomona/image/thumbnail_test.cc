#include "pomona/image/thumbnail.h"

#include <vector>

#include <gtest/gtest.h>

#include "pomona/image/decode.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

Image Thumbnail(int width, int height, int longest_side) {
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 90);
  const std::string bytes = EncodeThumbnail({pixels.data(), width, height}, longest_side).ValueOrDie();
  Image image;
  EXPECT_TRUE(DecodeImage(AsBytes(bytes), {}, &image).ok());
  return image;
}

TEST(EncodeThumbnail, KeepsTheShape) {
  EXPECT_EQ(Thumbnail(640, 480, 64).width, 64);
  EXPECT_EQ(Thumbnail(640, 480, 64).height, 48);
  EXPECT_EQ(Thumbnail(480, 640, 64).width, 48);
  EXPECT_EQ(Thumbnail(5000, 3, 64).height, 1);
}

TEST(EncodeThumbnail, SmallImagesKeepTheirSize) {
  EXPECT_EQ(Thumbnail(20, 10, 64).width, 20);
  EXPECT_EQ(Thumbnail(64, 64, 64).width, 64);
}

TEST(EncodeThumbnail, OfAPhotoIsSmall) {
  Image image;
  const std::string photo = SamplePhotos().front();
  ASSERT_TRUE(DecodeImage(AsBytes(photo), {}, &image).ok());
  EXPECT_LT(EncodeThumbnail(image.view(), 64).ValueOrDie().size(), 3000U);
}

TEST(EncodeThumbnail, RefusesWhatCannotBe) {
  EXPECT_FALSE(EncodeThumbnail({}, 64).ok());
  const std::vector<std::uint8_t> pixels(12, 0);
  EXPECT_FALSE(EncodeThumbnail({pixels.data(), 2, 2}, 0).ok());
}

}  // namespace
}  // namespace pomona
