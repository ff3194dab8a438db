#include "pomona/image/decode.h"

#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/base/hash.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

/// One line of testdata/expected.tsv: what Pillow makes of a file.
struct Sample {
  std::string file;
  int width = 0;
  int height = 0;
  std::string sha256;

  std::string format() const { return file.substr(0, file.find('_')); }

  bool has(std::string_view word) const { return file.find(word) != std::string::npos; }
  bool has_orientation() const { return has("orientation") || has("exif") || has("xmp"); }
};

void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.file; }

std::filesystem::path TestData() { return std::filesystem::path(kSourceFolder) / "pomona/image/testdata"; }

std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  std::istringstream lines(ReadWholeFile(TestData() / "expected.tsv"));
  Sample sample;
  while (lines >> sample.file >> sample.width >> sample.height >> sample.sha256) samples.push_back(sample);
  return samples;
}

std::string Sha256Of(const Image& image) {
  return Sha256({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
}

FailureCode CodeOf(const Status& status) {
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(FailureCodeOf(status).has_value()) << status.ToString();
  EXPECT_GT(status.message().size(), 20U) << "a message that a person can act on";
  return FailureCodeOf(status).value_or(FailureCode::kUnreadable);
}

/// What every decoder must do, on every kind of file of its format.
class DecoderConformance : public ::testing::TestWithParam<Sample> {
 protected:
  const Sample& sample() const { return GetParam(); }
  const std::string bytes_ = ReadWholeFile(TestData() / GetParam().file);
  Image image_;
};

TEST_P(DecoderConformance, PixelsEqualPillows) {
  ASSERT_TRUE(DecodeImage(AsBytes(bytes_), {}, &image_).ok());
  EXPECT_EQ(image_.width, sample().width);
  EXPECT_EQ(image_.height, sample().height);
  EXPECT_EQ(image_.pixels.size(), image_.view().size_bytes());
  EXPECT_EQ(Sha256Of(image_), sample().sha256);
}

TEST_P(DecoderConformance, FormatIsFoundByContent) { EXPECT_EQ(DetectImageFormat(AsBytes(bytes_)), sample().format()); }

TEST_P(DecoderConformance, BufferOfTheCallerIsReused) {
  image_.pixels.assign(1 << 16, 0xAB);
  const std::uint8_t* const buffer = image_.pixels.data();
  ASSERT_TRUE(DecodeImage(AsBytes(bytes_), {}, &image_).ok());
  EXPECT_EQ(Sha256Of(image_), sample().sha256) << "nothing of what the buffer held shows";
  if (!sample().has_orientation()) {
    EXPECT_EQ(image_.pixels.data(), buffer);
  }
}

TEST_P(DecoderConformance, SizeIsCheckedAgainstTheLimit) {
  DecodeOptions options;
  options.max_pixels = std::int64_t{sample().width} * sample().height;
  EXPECT_TRUE(DecodeImage(AsBytes(bytes_), options, &image_).ok());
  options.max_pixels -= 1;
  const Status status = DecodeImage(AsBytes(bytes_), options, &image_);
  EXPECT_EQ(CodeOf(status), FailureCode::kTooLarge);
  EXPECT_THAT(status.message(), HasSubstr("--max-image-pixels"));
}

TEST_P(DecoderConformance, PrefixIsNeverHalfAnImage) {
  for (std::size_t size = 0; size < bytes_.size(); size += size < 64 ? 1 : 1 + bytes_.size() / 100) {
    const std::string prefix = bytes_.substr(0, size);  // a copy of its own, so that reading past it is seen
    const Status status = DecodeImage(AsBytes(prefix), {}, &image_);
    if (status.ok()) {  // only what follows the pixels is missing
      EXPECT_EQ(Sha256Of(image_), sample().sha256) << size << " of " << bytes_.size() << " bytes";
      continue;
    }
    EXPECT_THAT(CodeOf(status),
                AnyOf(FailureCode::kEmpty, FailureCode::kUnknownFormat, FailureCode::kTruncated, FailureCode::kCorrupt))
        << size << " of " << bytes_.size() << " bytes: " << status.ToString();
  }
}

TEST_P(DecoderConformance, HalfAFileIsTruncated) {
  const std::string half = bytes_.substr(0, bytes_.size() / 2);
  const Status status = DecodeImage(AsBytes(half), {}, &image_);
  if (sample().has("animated") || sample().has("pages") || sample().has("trailing")) return;  // enough may be left
  EXPECT_EQ(CodeOf(status), FailureCode::kTruncated) << status.ToString();
}

TEST_P(DecoderConformance, DamageGivesAFailureOrAnImage) {
  std::mt19937 random(7);
  DecodeOptions options;
  options.max_pixels = 1 << 20;
  for (int round = 0; round < 60; ++round) {
    std::string damaged = bytes_;
    for (int i = 0; i <= round % 4; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    const Status status = DecodeImage(AsBytes(damaged), options, &image_);
    if (status.ok()) {
      EXPECT_EQ(image_.pixels.size(), image_.view().size_bytes());
    } else {
      CodeOf(status);
    }
  }
}

TEST_P(DecoderConformance, OrientationCanBeLeftAsStored) {
  DecodeOptions options;
  options.apply_exif_orientation = false;
  ASSERT_TRUE(DecodeImage(AsBytes(bytes_), options, &image_).ok());
  const bool turned = image_.width != sample().width;
  if (turned) {
    EXPECT_EQ(image_.width, sample().height);
    EXPECT_EQ(image_.height, sample().width);
  } else if (!sample().has_orientation()) {
    EXPECT_EQ(Sha256Of(image_), sample().sha256);
  }
}

INSTANTIATE_TEST_SUITE_P(AllFormats, DecoderConformance, ::testing::ValuesIn(Samples()), [](const auto& info) {
  std::string name = info.param.file;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(DecodeImage, EmptyFile) {
  Image image;
  const Status status = DecodeImage({}, {}, &image);
  EXPECT_EQ(CodeOf(status), FailureCode::kEmpty);
}

TEST(DecodeImage, AFileCutOffInItsSignatureIsTruncated) {
  Image image;
  for (const std::string_view bytes : {"\xFF\xD8", "\x89P", "\x89PNG\r\n\x1A"}) {
    const Status status = DecodeImage(AsBytes(std::string(bytes)), {}, &image);
    EXPECT_EQ(CodeOf(status), FailureCode::kTruncated) << status.ToString();
  }
  EXPECT_THAT(DecodeImage(AsBytes(std::string("\xFF\xD8")), {}, &image).message(),
              HasSubstr("the JPEG data end before the image does, after 2 bytes"));
  EXPECT_EQ(CodeOf(DecodeImage(AsBytes(std::string("\xFF\xD9")), {}, &image)), FailureCode::kUnknownFormat);
}

TEST(DecodeImage, PageUnderTheNameOfAnImage) {
  Image image;
  const std::string page = "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>";
  const Status status = DecodeImage(AsBytes(page), {}, &image);
  EXPECT_EQ(CodeOf(status), FailureCode::kUnknownFormat);
  EXPECT_THAT(status.message(), HasSubstr("an HTML page"));
}

TEST(DecodeImage, RandomBytesAreNoImage) {
  std::mt19937 random(11);
  Image image;
  for (int round = 0; round < 200; ++round) {
    std::string noise(random() % 300 + 1, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    EXPECT_FALSE(DecodeImage(AsBytes(noise), {}, &image).ok());
  }
}

TEST(DecodeImage, EverySampleIsThere) { EXPECT_GT(Samples().size(), 80U); }

TEST(DetectImageFormat, KnowsNothingOfOtherBytes) {
  EXPECT_EQ(DetectImageFormat({}), "");
  EXPECT_EQ(DetectImageFormat(AsBytes("BMW built 2,500,000 cars in the year")), "");
  EXPECT_EQ(DetectImageFormat(AsBytes(std::string("RIFF\x10\0\0\0WAVEfmt ", 16))), "");
  EXPECT_EQ(DetectImageFormat(AsBytes("GIF88a")), "");
}

TEST(Decode, AnImageThatTakesTooLongIsLeft) {
  for (const char* name :
       {"jpeg_420.jpg", "jpeg_progressive.jpg", "png_rgb.png", "png_interlaced.png", "gif_palette.gif",
        "tiff_strips.tif", "tiff_jpeg.tif", "tiff_ycbcr.tif", "tiff_jpeg_old.tif", "bmp_rgb.bmp"}) {
    DecodeOptions options;
    options.timeout_s = 0;
    Image image;
    const std::string bytes = ReadWholeFile(TestData() / name);
    const Status status = DecodeImage(AsBytes(bytes), options, &image);
    EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooSlow) << name << ": " << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("--image-timeout"));
  }
}

}  // namespace
}  // namespace pomona
