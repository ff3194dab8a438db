#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

std::string Sample(const std::string& name) {
  return ReadWholeFile(std::string(kSourceFolder) + "/pomona/image/testdata/" + name);
}

Status Decode(const std::string& bytes) {
  Image image;
  return DecodeGif(AsBytes(bytes), {}, Deadline(60), &image).status();
}

TEST(Gif, WithoutAFrameIsCorrupt) {
  EXPECT_EQ(FailureCodeOf(Decode(std::string("GIF89a\x05\0\x05\0\0\0\0;", 14))), FailureCode::kCorrupt);
}

TEST(Gif, MissingTrailerIsNoLoss) {
  const std::string bytes = Sample("gif_palette.gif");
  EXPECT_TRUE(Decode(bytes.substr(0, bytes.size() - 1)).ok());
}

TEST(Gif, AnEndCodeBeforeTheLastPixelIsTruncated) {
  // 3 x 1 pixels, a palette of two; the LZW codes are clear (4), index 1, end (5).
  std::string bytes("GIF89a\x03\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x03\0\x01\0\0\x02\x02\x4C\x01\0;", 35);
  EXPECT_EQ(FailureCodeOf(Decode(bytes)), FailureCode::kTruncated);
  bytes[6] = bytes[24] = 1;  // one pixel is what there is
  EXPECT_TRUE(Decode(bytes).ok());
}

TEST(Gif, ScreenAndFrameCountTogetherAgainstTheLimit) {
  std::string bytes = Sample("gif_palette.gif");
  bytes[6] = bytes[7] = bytes[8] = bytes[9] = '\xFF';
  EXPECT_EQ(FailureCodeOf(Decode(bytes)), FailureCode::kTooLarge);
}

TEST(Gif, EmptyFrameIsCorrupt) {
  std::string bytes = Sample("gif_palette.gif");
  const std::size_t frame = bytes.find(',', 13 + 3 * 64);
  bytes[frame + 5] = bytes[frame + 6] = 0;
  EXPECT_EQ(FailureCodeOf(Decode(bytes)), FailureCode::kCorrupt);
}

}  // namespace
}  // namespace pomona
