#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

constexpr std::size_t kHeaderData = 16;  // after the signature, a length and "IHDR"

std::string Sample(const std::string& name) {
  return ReadWholeFile(std::string(kSourceFolder) + "/pomona/image/testdata/" + name);
}

/// CRC-32 of PNG (polynomial 0xEDB88320), for headers that are wrong but well-formed.
std::uint32_t Crc(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

std::string BigEndian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string WithSize(std::string bytes, std::uint32_t width, std::uint32_t height) {
  bytes.replace(kHeaderData, 8, BigEndian(width) + BigEndian(height));
  return bytes.replace(kHeaderData + 13, 4, BigEndian(Crc(bytes.substr(kHeaderData - 4, 17))));
}

Result<int> Decode(const std::string& bytes) {
  Image image;
  return DecodePng(AsBytes(bytes), {}, Deadline(60), &image);
}

TEST(Png, AbsurdSizesAreRefusedBeforeAllocation) {
  const std::string bytes = Sample("png_rgb.png");
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(bytes, 0x7FFFFFFF, 0x7FFFFFFF)).status()), FailureCode::kTooLarge);
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(bytes, 13000, 13000)).status()), FailureCode::kTruncated);
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(bytes, 0, 5)).status()), FailureCode::kCorrupt);
}

TEST(Png, WrongChecksumIsCorrupt) {
  std::string bytes = Sample("png_rgb.png");
  bytes[kHeaderData + 13] ^= 1;
  EXPECT_EQ(FailureCodeOf(Decode(bytes).status()), FailureCode::kCorrupt);
}

TEST(Png, WithoutItsEndChunkIsTruncated) {
  const std::string bytes = Sample("png_rgb.png");
  EXPECT_EQ(FailureCodeOf(Decode(bytes.substr(0, bytes.size() - 12)).status()), FailureCode::kTruncated);
}

TEST(Png, OrientationOfImageMagicksTextChunk) {
  std::string bytes = Sample("png_rgb.png");
  const std::string exif("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  std::string text = std::string("tEXtRaw profile type exif\0\nexif\n      26\n", 41);
  for (const char c : exif) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[static_cast<std::uint8_t>(c) >> 4], kDigits[c & 15]};
  }
  const std::string chunk = BigEndian(static_cast<std::uint32_t>(text.size() - 4)) + text + BigEndian(Crc(text));
  bytes.insert(kHeaderData + 17, chunk);
  EXPECT_EQ(Decode(bytes).ValueOrDie(), 6);
}

}  // namespace
}  // namespace pomona
