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

Result<int> Decode(const std::string& bytes) {
  Image image;
  return DecodeWebp(AsBytes(bytes), {}, Deadline(60), &image);
}

TEST(Webp, OrientationIsRead) { EXPECT_EQ(Decode(Sample("webp_exif.webp")).ValueOrDie(), 5); }

TEST(Webp, BrokenBitstreamIsCorrupt) {
  std::string bytes = Sample("webp_lossy.webp");
  const std::size_t start_code = bytes.find("\x9D\x01\x2A");
  ASSERT_NE(start_code, std::string::npos);
  bytes[start_code] = 0;
  EXPECT_EQ(FailureCodeOf(Decode(bytes).status()), FailureCode::kCorrupt);
}

TEST(Webp, FrameOutsideItsCanvasIsCorrupt) {
  std::string bytes = Sample("webp_animated.webp");
  const std::size_t frame = bytes.find("ANMF");
  ASSERT_NE(frame, std::string::npos);
  bytes[frame + 8] = 40;  // in steps of two pixels: the left edge of the frame, past the right one of the canvas
  EXPECT_EQ(FailureCodeOf(Decode(bytes).status()), FailureCode::kCorrupt);
}

TEST(Webp, BytesAfterTheFileAreIgnored) { EXPECT_TRUE(Decode(Sample("webp_lossy.webp") + "and more").ok()); }

}  // namespace
}  // namespace pomona
