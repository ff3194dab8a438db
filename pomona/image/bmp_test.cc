#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

std::string Number(std::uint32_t value, int size) {
  std::string bytes;
  for (; size > 0; --size, value >>= 8U) bytes += static_cast<char>(value);
  return bytes;
}

struct Header {
  std::uint32_t width = 2;
  std::uint32_t height = 2;
  std::uint32_t bits = 8;
  std::uint32_t compression = 0;
  std::uint32_t colours = 2;
};

/// A bitmap with the palette black, white.
std::string Bitmap(const Header& header, const std::string& pixels) {
  const std::string palette = header.bits <= 8 ? Number(0, 4) + Number(0xFFFFFF, 4) : "";
  const auto offset = static_cast<std::uint32_t>(54 + palette.size());
  return "BM" + Number(0, 8) + Number(offset, 4) + Number(40, 4) + Number(header.width, 4) + Number(header.height, 4) +
         Number(1, 2) + Number(header.bits, 2) + Number(header.compression, 4) + Number(0, 12) +
         Number(header.colours, 4) + Number(0, 4) + palette + pixels;
}

Status Decode(const std::string& bytes, Image* image) {
  return DecodeBmp(AsBytes(bytes), {}, Deadline(60), image).status();
}

FailureCode CodeOf(const Header& header, const std::string& pixels) {
  Image image;
  return FailureCodeOf(Decode(Bitmap(header, pixels), &image)).value_or(FailureCode::kUnreadable);
}

TEST(Bmp, RowsRunFromTheBottomUp) {
  Image image;
  ASSERT_TRUE(Decode(Bitmap({}, std::string("\x01\x00\x00\x00\x00\x01\x00\x00", 8)), &image).ok());
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0}));
}

TEST(Bmp, SkippedPixelsAreIndexZero) {
  Image image;
  // A pixel, an end of line, a move by one to the right, a pixel.
  const std::string runs("\x01\x01\x00\x00\x00\x02\x01\x00\x01\x01\x00\x01", 12);
  ASSERT_TRUE(Decode(Bitmap({.compression = 1}, runs), &image).ok());
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0}));
}

TEST(Bmp, EndOfBitmapBeforeTheLastPixelIsTruncated) {
  EXPECT_EQ(CodeOf({.compression = 1}, std::string("\x02\x01\x00\x01", 4)), FailureCode::kTruncated);
  EXPECT_EQ(CodeOf({.compression = 1}, std::string("\x02\x01\x00\x00\x01\x01\x00\x01", 8)), FailureCode::kTruncated);
}

TEST(Bmp, RunsThatStopAreTruncated) {
  EXPECT_EQ(CodeOf({.compression = 1}, std::string("\x02\x01", 2)), FailureCode::kTruncated);
  EXPECT_EQ(CodeOf({.compression = 1}, std::string("\x00\x04\x01", 3)), FailureCode::kTruncated);
  EXPECT_EQ(CodeOf({.compression = 1}, std::string("\x00\x02\x01", 3)), FailureCode::kTruncated);
}

TEST(Bmp, AbsurdHeaders) {
  EXPECT_EQ(CodeOf({.width = 0}, "1234"), FailureCode::kCorrupt);
  EXPECT_EQ(CodeOf({.width = 0x80000000}, "1234"), FailureCode::kCorrupt);
  EXPECT_EQ(CodeOf({.width = 0x7FFFFFFF, .height = 0x7FFFFFFF}, "1234"), FailureCode::kTooLarge);
  EXPECT_EQ(CodeOf({.width = 13000, .height = 13000}, "1234"), FailureCode::kTruncated);
  EXPECT_EQ(CodeOf({.colours = 70000}, "1234"), FailureCode::kCorrupt);
  EXPECT_EQ(CodeOf({.height = 0x80000000}, "1234"), FailureCode::kTooLarge);
}

TEST(Bmp, KindsThatAreNotReadAreUnsupported) {
  EXPECT_EQ(CodeOf({.bits = 2}, "12345678"), FailureCode::kUnsupported);
  EXPECT_EQ(CodeOf({.bits = 24, .compression = 4}, "12345678"), FailureCode::kUnsupported);
  EXPECT_EQ(CodeOf({.bits = 24, .compression = 1}, "12345678"), FailureCode::kUnsupported);
}

}  // namespace
}  // namespace pomona
