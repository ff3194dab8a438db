#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/codec.h"
#include "pomona/image/testing_photos.h"
#include "pomona/image/thumbnail.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

constexpr char kEndMarker[] = "\xFF\xD9";

std::string Sample(const std::string& name) {
  return ReadWholeFile(std::string(kSourceFolder) + "/pomona/image/testdata/" + name);
}

Status Decode(const std::string& bytes) {
  Image image;
  return DecodeImage(AsBytes(bytes), {}, &image);
}

/// Where the segment with this marker starts.
std::size_t Segment(const std::string& bytes, int marker) {
  return bytes.find(std::string{'\xFF', static_cast<char>(marker)});
}

std::string WithSize(std::string bytes, int frame_marker, int width, int height) {
  const std::size_t frame = Segment(bytes, frame_marker);
  bytes[frame + 5] = static_cast<char>(height >> 8);
  bytes[frame + 6] = static_cast<char>(height);
  bytes[frame + 7] = static_cast<char>(width >> 8);
  bytes[frame + 8] = static_cast<char>(width);
  return bytes;
}

TEST(Jpeg, WithoutItsEndMarkerIsTruncated) {
  const std::string bytes = Sample("jpeg_420.jpg");
  EXPECT_EQ(FailureCodeOf(Decode(bytes.substr(0, bytes.size() - 2))), FailureCode::kTruncated);
}

TEST(Jpeg, CutButClosedByAnEndMarkerIsTruncated) {
  for (const char* name : {"jpeg_420.jpg", "jpeg_422.jpg", "jpeg_grey.jpg", "jpeg_cmyk.jpg"}) {
    const std::string bytes = Sample(name);
    const std::size_t scan = Segment(bytes, 0xDA);
    for (const double part : {0.1, 0.5, 0.9}) {
      const auto kept = scan + 14 + static_cast<std::size_t>(part * static_cast<double>(bytes.size() - scan - 16));
      const Status status = Decode(bytes.substr(0, kept) + kEndMarker);
      EXPECT_EQ(FailureCodeOf(status), FailureCode::kTruncated) << name << " " << status.ToString();
    }
  }
}

TEST(Jpeg, LostRestartMarkerIsCorrupt) {
  std::string bytes = Sample("jpeg_restart.jpg");
  const std::size_t marker = bytes.find("\xFF\xD2");
  ASSERT_NE(marker, std::string::npos);
  bytes[marker + 1] = '\xD5';
  EXPECT_EQ(FailureCodeOf(Decode(bytes)), FailureCode::kCorrupt);
}

TEST(Jpeg, HugeSizeInAShortFileIsRefusedBeforeAllocation) {
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(Sample("jpeg_420.jpg"), 0xC0, 65500, 65500))), FailureCode::kTooLarge);
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(Sample("jpeg_420.jpg"), 0xC0, 13000, 13000))), FailureCode::kTruncated);
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(Sample("jpeg_progressive.jpg"), 0xC2, 13000, 13000))),
            FailureCode::kTruncated);
}

TEST(Jpeg, SizeZeroIsCorrupt) {
  EXPECT_EQ(FailureCodeOf(Decode(WithSize(Sample("jpeg_420.jpg"), 0xC0, 0, 10))), FailureCode::kCorrupt);
}

TEST(Jpeg, TwelveBitsAreUnsupported) {
  std::string bytes = Sample("jpeg_420.jpg");
  bytes[Segment(bytes, 0xC0) + 4] = 12;
  const Status status = Decode(bytes);
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("save the image anew"));
}

TEST(Jpeg, EndlessScansAreCorrupt) {
  const std::string bytes = Sample("jpeg_grey_progressive.jpg");
  // The first scan again and again: legal by the letter, and a way to keep a decoder busy for hours.
  const std::size_t first = Segment(bytes, 0xDA);
  const std::size_t end = bytes.find("\xFF\xC4", first);
  ASSERT_NE(end, std::string::npos);
  std::string many = bytes.substr(0, end);
  for (int i = 0; i < 100; ++i) many += bytes.substr(first, end - first);
  const Status status = Decode(many + kEndMarker);
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kCorrupt) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("scans"));
}

/// A file of 37 x 23 pixels as a part of another.
JpegSegment SegmentOf(const std::string& bytes) {
  return {
      .bytes = AsBytes(bytes), .is_ycbcr = true, .min_width = 37, .min_height = 23, .max_width = 37, .max_height = 23};
}

FailureCode SegmentCode(const JpegSegment& segment) {
  std::vector<std::uint8_t> rows(64 * 64 * 4);
  const Status status = DecodeJpegSegment(segment, Deadline(60), 16, rows.data());
  return FailureCodeOf(status).value_or(FailureCode::kUnreadable);
}

TEST(JpegSegment, GivesThePixelsOfTheFileUpToTheRowsWanted) {
  const std::string bytes = Sample("jpeg_420.jpg");
  Image image;
  ASSERT_TRUE(DecodeImage(AsBytes(bytes), {}, &image).ok());
  image.pixels.resize(37 * 16 * 3);
  std::vector<std::uint8_t> rows(image.pixels.size());
  ASSERT_TRUE(DecodeJpegSegment(SegmentOf(bytes), Deadline(60), 16, rows.data()).ok());
  EXPECT_EQ(rows, image.pixels);
}

TEST(JpegSegment, OtherSizesAndSamplesAreRefused) {
  const std::string bytes = Sample("jpeg_420.jpg");
  JpegSegment segment = SegmentOf(bytes);
  segment.min_height = segment.max_height = 24;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kTruncated);
  segment.min_height = segment.max_height = 22;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kCorrupt);
  segment = SegmentOf(bytes);
  segment.min_width = segment.max_width = 38;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kTruncated);
  segment.min_width = segment.max_width = 36;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kCorrupt);
  segment = SegmentOf(bytes);
  segment.samples = 4;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kCorrupt);
  segment = SegmentOf(bytes);
  segment.bytes = {};
  EXPECT_EQ(SegmentCode(segment), FailureCode::kTruncated);
}

TEST(JpegSegment, AHarmlessRemarkHidesNoDamage) {
  std::string bytes = Sample("jpeg_420.jpg");
  const std::size_t scan = Segment(bytes, 0xDA);
  bytes.insert(scan, 5, 'x');  // libjpeg warns of it, and of nothing after its first warning unless asked to
  std::vector<std::uint8_t> rows(37 * 23 * 3);
  EXPECT_TRUE(DecodeJpegSegment(SegmentOf(bytes), Deadline(60), 23, rows.data()).ok());
  const std::string cut = bytes.substr(0, (scan + bytes.size()) / 2);
  EXPECT_EQ(SegmentCode(SegmentOf(cut)), FailureCode::kTruncated);
}

TEST(JpegSegment, TablesMayStandApart) {
  const std::string bytes = Sample("jpeg_grey.jpg");
  Image image;
  ASSERT_TRUE(DecodeImage(AsBytes(bytes), {}, &image).ok());
  // Quantisation and Huffman tables go into a stream of their own.
  std::string tables = "\xFF\xD8";
  std::string rest = bytes;
  for (const int marker : {0xDB, 0xC4, 0xC4}) {
    const std::size_t at = Segment(rest, marker);
    ASSERT_NE(at, std::string::npos);
    const std::size_t size =
        2 + 256 * static_cast<std::uint8_t>(rest[at + 2]) + static_cast<std::uint8_t>(rest[at + 3]);
    tables += rest.substr(at, size);
    rest.erase(at, size);
  }
  tables += kEndMarker;
  JpegSegment segment = SegmentOf(rest);
  segment.samples = 1;
  segment.is_ycbcr = false;
  EXPECT_EQ(SegmentCode(segment), FailureCode::kCorrupt) << "without its tables";
  segment.tables = AsBytes(tables);
  std::vector<std::uint8_t> rows(37 * 23);
  ASSERT_TRUE(DecodeJpegSegment(segment, Deadline(60), 23, rows.data()).ok());
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], image.pixels[3 * i]) << i;
}

TEST(EncodeJpeg, ComesBackNearlyTheSame) {
  Image image;
  const std::string photo = SamplePhotos().front();
  ASSERT_TRUE(DecodeImage(AsBytes(photo), {}, &image).ok());
  const std::string bytes = EncodeJpeg(image.view(), 95).ValueOrDie();
  Image again;
  ASSERT_TRUE(DecodeImage(AsBytes(bytes), {}, &again).ok());
  ASSERT_EQ(again.pixels.size(), image.pixels.size());
  double difference = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) difference += std::abs(image.pixels[i] - again.pixels[i]);
  EXPECT_LT(difference / static_cast<double>(image.pixels.size()), 3.0);
}

TEST(EncodeJpeg, RefusesAnEmptyImage) {
  EXPECT_FALSE(EncodeJpeg({}, 70).ok());
  const std::vector<std::uint8_t> pixels(3);
  EXPECT_FALSE(EncodeJpeg({pixels.data(), 70000, 1}, 70).ok());
}

}  // namespace
}  // namespace pomona
