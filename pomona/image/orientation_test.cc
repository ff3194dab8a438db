#include "pomona/image/orientation.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

int Exif(const std::string& bytes) { return ExifOrientation(AsBytes(bytes)); }

const std::string kLittle("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
const std::string kBig("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0", 26);
const std::string kPrefix("Exif\0\0", 6);

TEST(ExifOrientation, BothByteOrders) {
  EXPECT_EQ(Exif(kLittle), 6);
  EXPECT_EQ(Exif(kBig), 8);
  EXPECT_EQ(Exif(kPrefix + kLittle), 6);
  EXPECT_EQ(Exif(kPrefix + kPrefix + kBig), 8);
}

TEST(ExifOrientation, DamagedBlocksSayNothing) {
  EXPECT_EQ(Exif(""), 0);
  EXPECT_EQ(Exif("Exif"), 0);
  for (std::size_t size = 0; size < 22; ++size) EXPECT_EQ(Exif(kLittle.substr(0, size)), 0) << size;
  std::string far = kLittle;
  far[4] = far[5] = far[6] = far[7] = '\xFF';
  EXPECT_EQ(Exif(far), 0);
  std::string text = kLittle;
  text[12] = 2;
  EXPECT_EQ(Exif(text), 0);
}

TEST(XmpOrientation, AttributeAndElement) {
  EXPECT_EQ(XmpOrientation("<x tiff:Orientation=\"6\"/>"), 6);
  EXPECT_EQ(XmpOrientation("<tiff:Orientation>3</tiff:Orientation>"), 3);
  EXPECT_EQ(XmpOrientation("tiff:Orientation=''"), 0);
  EXPECT_EQ(XmpOrientation("tiff:Orientation"), 0);
}

TEST(ImageOrientation, ExifCountsBeforeXmp) {
  EXPECT_EQ(ImageOrientation(AsBytes(kLittle), "tiff:Orientation=\"3\""), 6);
  EXPECT_EQ(ImageOrientation({}, "tiff:Orientation=\"3\""), 3);
  EXPECT_EQ(ImageOrientation({}, "tiff:Orientation=\"9\""), 1);
  EXPECT_EQ(ImageOrientation({}, ""), 1);
}

/// A pixel is named by its number in all three channels.
Image Numbered(int width, int height) {
  Image image{width, height, {}};
  for (int i = 0; i < width * height; ++i) image.pixels.insert(image.pixels.end(), 3, static_cast<std::uint8_t>(i));
  return image;
}

std::vector<int> Numbers(int orientation) {
  Image image = Numbered(3, 2);  // 0 1 2 / 3 4 5
  ApplyOrientation(orientation, &image);
  EXPECT_EQ(image.width, orientation >= 5 && orientation <= 8 ? 2 : 3);
  EXPECT_EQ(image.width * image.height, 6);
  std::vector<int> numbers;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) numbers.push_back(image.pixels[i]);
  return numbers;
}

TEST(ApplyOrientation, AllEight) {
  EXPECT_EQ(Numbers(1), (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Numbers(2), (std::vector<int>{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(Numbers(3), (std::vector<int>{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(Numbers(4), (std::vector<int>{3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(Numbers(5), (std::vector<int>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(Numbers(6), (std::vector<int>{3, 0, 4, 1, 5, 2}));
  EXPECT_EQ(Numbers(7), (std::vector<int>{5, 2, 4, 1, 3, 0}));
  EXPECT_EQ(Numbers(8), (std::vector<int>{2, 5, 1, 4, 0, 3}));
  EXPECT_EQ(Numbers(0), Numbers(1));
  EXPECT_EQ(Numbers(9), Numbers(1));
}

TEST(ApplyOrientation, LargeImageTurnsBack) {
  Image image = Numbered(101, 67);
  const std::vector<std::uint8_t> before = image.pixels;
  ApplyOrientation(6, &image);
  EXPECT_NE(image.pixels, before);
  ApplyOrientation(8, &image);
  EXPECT_EQ(image.pixels, before);
}

}  // namespace
}  // namespace pomona
