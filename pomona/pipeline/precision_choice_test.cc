#include "pomona/pipeline/precision_choice.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;
using testing_folder::WriteFile;

TEST(PrecisionChoice, ReadsAnEvenSampleAndLeavesOutBadImages) {
  const TempFolder folder;
  testing_folder::CopyPhotos("Kiwi", folder.path() / "in" / "Kiwi", 3);
  WriteFile(folder / "in/bad/1.jpg", "no image");
  RunOptions options;
  options.input = folder / "in";
  const Location input = Location::Parse(options.input).ValueOrDie();
  const InputImages images = ListInput(options, input, nullptr).ValueOrDie();
  const Location place = Location::Parse(folder / "manifest.parquet").ValueOrDie();
  ASSERT_TRUE(WriteManifest(images.rows, place).ok());
  const auto manifest = Manifest::Open(place).ValueOrDie();
  const PixelSample sample =
      ReadPixelSample(*manifest, ImagePlaces(input), {}, ResizeFilter::kBicubic, 8, 6, nullptr).ValueOrDie();
  EXPECT_EQ(sample.images, std::min<std::int64_t>(kPrecisionSample, images.rows.size()) - 1);
  EXPECT_EQ(sample.pixels.size(), static_cast<std::size_t>(sample.images) * 8 * 6 * 3);
}

TEST(PrecisionChoice, WhatHasOnePrecisionKeepsIt) {
  ExtractorRequest request;
  request.extractor = "pixels";
  request.network.image_width = request.network.image_height = 2;
  PixelSample sample{3, 12, std::vector<std::uint8_t>(36, 7)};
  const PrecisionChoice choice = ChoosePrecision(request, sample, true, 0.999, nullptr).ValueOrDie();
  EXPECT_EQ(choice.network.precision, Precision::kFloat32);
  EXPECT_EQ(choice.record["chosen"], "f32");
  EXPECT_EQ(choice.record["mean_cosine"], 1.0);
  EXPECT_EQ(choice.record["measured"].size(), 1U);
  EXPECT_FALSE(ChoosePrecision(request, {}, true, 0.999, nullptr).ok());
}

}  // namespace
}  // namespace pomona
