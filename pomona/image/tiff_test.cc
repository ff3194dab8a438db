#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::string Sample(const std::string& name) {
  return ReadWholeFile(std::string(POMONA_SOURCE_DIR) + "/pomona/image/testdata/" + name);
}

Result<int> Decode(const std::string& bytes) {
  Image image;
  return DecodeTiff(AsBytes(bytes), {}, &image);
}

/// Sets the value of a tag with one short or long number in a little-endian file.
std::string WithTag(std::string bytes, int tag, int value) {
  for (const char type : {3, 4}) {
    const std::string entry = {static_cast<char>(tag), static_cast<char>(tag >> 8), type, 0, 1, 0, 0, 0};
    const std::size_t at = bytes.find(entry);
    if (at == std::string::npos) continue;
    bytes[at + 8] = static_cast<char>(value);
    bytes[at + 9] = static_cast<char>(value >> 8);
    return bytes;
  }
  ADD_FAILURE() << "no tag " << tag;
  return bytes;
}

constexpr int kWidth = 256;
constexpr int kBitsPerSample = 258;
constexpr int kCompression = 259;
constexpr int kPhotometric = 262;

TEST(Tiff, OrientationIsRead) { EXPECT_EQ(Decode(Sample("tiff_exif.tif")).ValueOrDie(), 7); }

TEST(Tiff, KindsThatAreNotReadAreUnsupported) {
  const std::string grey = Sample("tiff_grey.tif");
  EXPECT_EQ(FailureCodeOf(Decode(WithTag(grey, kBitsPerSample, 32)).status()), FailureCode::kUnsupported);
  EXPECT_EQ(FailureCodeOf(Decode(WithTag(grey, kPhotometric, 8)).status()), FailureCode::kUnsupported);
  const Status status = Decode(WithTag(grey, kCompression, 34712)).status();
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("34712"));
}

TEST(Tiff, FewerSamplesThanColoursAreCorrupt) {
  EXPECT_EQ(FailureCodeOf(Decode(WithTag(Sample("tiff_grey.tif"), kPhotometric, 2)).status()), FailureCode::kCorrupt);
}

TEST(Tiff, MorePixelsThanTheDataHoldAreRefused) {
  EXPECT_FALSE(Decode(WithTag(Sample("tiff_grey.tif"), kWidth, 60000)).ok());
}

}  // namespace
}  // namespace pomona
