#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::string Sample(const std::string& name) {
  return ReadWholeFile(std::string(kSourceFolder) + "/pomona/image/testdata/" + name);
}

Result<int> Decode(const std::string& bytes) {
  Image image;
  return DecodeTiff(AsBytes(bytes), {}, Deadline(60), &image);
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

/// The value of such a tag.
int TagValue(const std::string& bytes, int tag) {
  for (const char type : {3, 4}) {
    const std::string entry = {static_cast<char>(tag), static_cast<char>(tag >> 8), type, 0, 1, 0, 0, 0};
    const std::size_t at = bytes.find(entry);
    if (at == std::string::npos) continue;
    return static_cast<std::uint8_t>(bytes[at + 8]) + 256 * static_cast<std::uint8_t>(bytes[at + 9]);
  }
  ADD_FAILURE() << "no tag " << tag;
  return 0;
}

std::optional<FailureCode> CodeOf(const std::string& bytes) { return FailureCodeOf(Decode(bytes).status()); }

constexpr int kWidth = 256;
constexpr int kHeight = 257;
constexpr int kBitsPerSample = 258;
constexpr int kCompression = 259;
constexpr int kPhotometric = 262;
constexpr int kStripOffsets = 273;
constexpr int kRowsPerStrip = 278;
constexpr int kStripByteCounts = 279;
constexpr int kTileWidth = 322;
constexpr int kTileHeight = 323;
constexpr int kJpegLength = 514;

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

/// Samples of one strip, 37 x 23 pixels; every codec, and all that JPEG has to do with.
class TiffStrip : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string whole_ = Sample(std::string("tiff_") + GetParam() + ".tif");
  bool is(std::string_view word) const { return std::string_view(GetParam()).find(word) != std::string_view::npos; }
};

TEST_P(TiffStrip, FewerRowsThanTheHeaderSaysAreTruncated) {
  for (const int rows : {is("ycbcr") ? 25 : 24, 46, 400}) {  // a block of YCbCr has two rows
    const std::string bytes = WithTag(WithTag(whole_, kHeight, rows), kRowsPerStrip, rows);
    EXPECT_EQ(CodeOf(bytes), FailureCode::kTruncated) << rows << " rows: " << Decode(bytes).status().ToString();
  }
}

TEST_P(TiffStrip, RowsBeyondTheHeaderAreLeftOut) {
  if (is("planes") || is("webp") || is("old")) return;  // libtiff's codecs and three strips have no such rows
  Image image;
  ASSERT_TRUE(DecodeTiff(AsBytes(whole_), {}, Deadline(60), &image).ok());
  image.pixels.resize(std::size_t{37} * 20 * 3);
  Image fewer;
  ASSERT_TRUE(
      DecodeTiff(AsBytes(WithTag(WithTag(whole_, kHeight, 20), kRowsPerStrip, 20)), {}, Deadline(60), &fewer).ok());
  EXPECT_EQ(fewer.pixels, image.pixels);
}

TEST_P(TiffStrip, CutDataAreTruncated) {
  if (is("rgb") || is("planes")) return;  // libtiff works out the size of raw data; planes have three
  const int tag = is("old") ? kJpegLength : kStripByteCounts;
  const int size = TagValue(whole_, tag);
  for (const int left : {size * 4 / 5, size * 3 / 4}) {
    const std::string bytes = WithTag(whole_, tag, left);
    EXPECT_EQ(CodeOf(bytes), FailureCode::kTruncated) << Decode(bytes).status().ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, TiffStrip,
                         ::testing::Values("rgb", "1bit_ccitt", "1bit_group3", "1bit_group4", "lzw", "deflate",
                                           "deflate_predictor", "packbits", "lzma", "zstd", "webp", "planes", "ycbcr",
                                           "jpeg", "jpeg_grey", "jpeg_cmyk", "jpeg_ycbcr", "jpeg_planes",
                                           "jpeg_ycbcr_planes", "jpeg_old"),
                         [](const auto& info) { return info.param; });

/// Samples with JPEG data; what is done to the first strip, tile or plane must not pass unseen.
class TiffJpeg : public TiffStrip {
 protected:
  std::size_t FirstScan() const { return whole_.find("\xFF\xDA"); }
};

TEST_P(TiffJpeg, DamagedDataAreCorrupt) {
  std::string bytes = whole_;
  bytes.replace(FirstScan() + 60, 16, std::string("\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0", 16));
  EXPECT_EQ(CodeOf(bytes), FailureCode::kCorrupt) << Decode(bytes).status().ToString();
}

TEST_P(TiffJpeg, AnEarlyEndMarkerIsTruncated) {
  std::string bytes = whole_;
  bytes.replace(FirstScan() + 60, 2, "\xFF\xD9");
  EXPECT_EQ(CodeOf(bytes), FailureCode::kTruncated) << Decode(bytes).status().ToString();
}

INSTANTIATE_TEST_SUITE_P(Kinds, TiffJpeg,
                         ::testing::Values("jpeg", "jpeg_grey", "jpeg_cmyk", "jpeg_ycbcr", "jpeg_planes",
                                           "jpeg_ycbcr_planes", "jpeg_tiles", "jpeg_strips", "jpeg_surplus",
                                           "jpeg_old"),
                         [](const auto& info) { return info.param; });

TEST(Tiff, SmallerTilesThanTheHeaderSaysAreTruncated) {
  for (const char* name : {"tiff_tiles.tif", "tiff_jpeg_tiles.tif", "tiff_group4_tiles.tif"}) {
    const std::string whole = Sample(name);
    EXPECT_EQ(CodeOf(WithTag(whole, kTileHeight, 32)), FailureCode::kTruncated) << name;
    EXPECT_FALSE(Decode(WithTag(whole, kTileWidth, 32)).ok()) << name;  // of CCITT the rows are damaged
  }
}

TEST(Tiff, NarrowerStreamsThanTheHeaderSaysAreTruncated) {
  for (const char* name : {"tiff_jpeg.tif", "tiff_jpeg_planes.tif", "tiff_webp.tif"}) {
    EXPECT_EQ(CodeOf(WithTag(Sample(name), kWidth, 41)), FailureCode::kTruncated) << name;
  }
}

TEST(Tiff, JpegOfAnotherShapeIsCorrupt) {
  EXPECT_EQ(CodeOf(WithTag(Sample("tiff_jpeg.tif"), kWidth, 30)), FailureCode::kCorrupt);
  EXPECT_EQ(CodeOf(WithTag(Sample("tiff_jpeg_grey.tif"), kBitsPerSample, 16)), FailureCode::kUnsupported);
}

TEST(Tiff, AStripBeyondTheFileIsTruncated) {
  for (const char* name : {"tiff_jpeg.tif", "tiff_lzw.tif", "tiff_rgb.tif"}) {
    EXPECT_EQ(CodeOf(WithTag(Sample(name), kStripOffsets, 60000)), FailureCode::kTruncated) << name;
  }
}

TEST(Tiff, NextIsUnsupported) {
  EXPECT_EQ(CodeOf(WithTag(Sample("tiff_grey.tif"), kCompression, 32766)), FailureCode::kUnsupported);
}

}  // namespace
}  // namespace pomona
