#include "pomona/pipeline/image_features.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/source_folder_for_test.h"
#include "pomona/image/decode.h"
#include "pomona/pipeline/model_folder.h"
#include "pomona/pipeline/plan.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

using testing::HasSubstr;
using testing_folder::ReadFile;
using testing_folder::TempFolder;

const std::string kPhotos = std::string(kSourceFolder) + "/examples/fruits/Test/Kiwi";

RunOptions Small(const std::string& output = "") {
  RunOptions options = testing_run::Pixels(kPhotos, output);
  options.extractor.extractor = "mobilenetv2-0.35";
  options.extractor.network.image_width = options.extractor.network.image_height = 96;
  return options;
}

/// Rows of features and what failed.
struct Extracted {
  std::vector<float> features;
  std::vector<QuarantineRow> failures;
};

Extracted Extract(const ImageFeatures& features, const std::vector<ImageInput>& images) {
  const std::int64_t dim = features.extractor().dim();
  Extracted result;
  result.features.resize(images.size() * static_cast<std::size_t>(dim));
  result.failures =
      *features.Extract(images, {result.features.data(), static_cast<std::int64_t>(images.size()), dim}, nullptr);
  return result;
}

std::span<const std::uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(ImageFeaturesTest, EqualThoseOfARunToTheBitHoweverTheImagesCome) {
  const TempFolder folder;
  const std::string output = folder / "out";
  ASSERT_TRUE(testing_run::RunFeatures(Small(output)).ok());
  const auto table = testing_run::Table(output + "/features/part-00000.parquet");
  const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*table->GetColumnByName("features")->chunk(0));
  const auto& wanted = static_cast<const arrow::FloatArray&>(*lists.values());

  const auto features = ImageFeatures::Make(Small()).ValueOrDie();
  std::vector<std::string> files;
  for (const std::string& path : testing_run::Column(*table, 0)) files.push_back(ReadFile(path));
  std::vector<Image> decoded(files.size());
  std::vector<ImageInput> images;
  for (std::size_t i = 0; i < files.size(); ++i) {
    ASSERT_TRUE(DecodeImage(Bytes(files[i]), {}, &decoded[i]).ok());
    if (i % 3 == 0) images.emplace_back(testing_run::Column(*table, 0)[i]);
    if (i % 3 == 1) images.emplace_back(Bytes(files[i]));
    if (i % 3 == 2) images.emplace_back(decoded[i].view());
  }
  const Extracted ours = Extract(*features, images);
  EXPECT_TRUE(ours.failures.empty());
  ASSERT_EQ(static_cast<std::int64_t>(ours.features.size()), wanted.length());
  EXPECT_EQ(std::memcmp(ours.features.data(), wanted.raw_values(), ours.features.size() * sizeof(float)), 0);
}

TEST(ImageFeaturesTest, WhatCannotBeUsedIsARowOfNanWithAReason) {
  const auto features = ImageFeatures::Make(Small()).ValueOrDie();
  const std::string photo = ReadFile(kPhotos + "/4_100.jpg");
  const std::string text = "no photograph";
  std::vector<ImageInput> images(11, ImageInput(Bytes(photo)));
  images[1] = std::monostate();
  images[3] = std::string("/nowhere/photo.jpg");
  images[8] = Bytes(text);
  images[9] = ImageView{};
  images[10] = Bytes(photo).first(300);
  const Extracted ours = Extract(*features, images);
  std::vector<std::int64_t> places;
  std::vector<std::string> codes;
  for (const QuarantineRow& failure : ours.failures) {
    places.push_back(failure.index);
    codes.emplace_back(FailureCodeName(failure.code));
    EXPECT_FALSE(failure.message.empty());
  }
  EXPECT_THAT(places, testing::ElementsAre(1, 3, 8, 9, 10));
  EXPECT_THAT(codes, testing::ElementsAre("missing", "missing", "unknown-format", "empty", "truncated"));
  EXPECT_EQ(ours.failures[1].path, "/nowhere/photo.jpg");
  const auto dim = static_cast<std::size_t>(features->extractor().dim());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const bool failed = std::find(places.begin(), places.end(), static_cast<std::int64_t>(i)) != places.end();
    EXPECT_EQ(std::isnan(ours.features[i * dim]), failed) << i;
    EXPECT_EQ(std::isnan(ours.features[(i + 1) * dim - 1]), failed) << i;
  }
}

TEST(ImageFeaturesTest, KeepsToThePlanOfAModel) {
  const TempFolder folder;
  const std::string output = folder / "out";
  RunOptions options = Small(output);
  options.extractor.network.pooling = Pooling::kAverage;
  ASSERT_TRUE(testing_run::RunAll(options).ok());
  const Location place = Location::Parse(output).ValueOrDie();
  PipelineModel model = ReadModel(place).ValueOrDie();
  const RunOptions wanted = WithModel({}, model, place).ValueOrDie();
  EXPECT_EQ(wanted.extractor.network.pooling, Pooling::kAverage);
  const auto features = ImageFeatures::Make(wanted, model.plan).ValueOrDie();
  EXPECT_EQ(features->extractor().batch_size(), model.plan["batch_size"].get<int>());
  model.plan["weights_sha256"] = "0000";
  EXPECT_THAT(ImageFeatures::Make(wanted, model.plan).status().message(), HasSubstr("the weights \"0000\""));
}

TEST(ImageFeaturesTest, GivesWhatARunMakesItsPlanOf) {
  const TempFolder folder;
  const std::string output = folder / "out";
  RunOptions options = Small(output);
  options.components = 3;
  ASSERT_TRUE(testing_run::RunAll(options).ok());
  const PipelineModel model = ReadModel(Location::Parse(output).ValueOrDie()).ValueOrDie();
  const auto features = ImageFeatures::Make(options).ValueOrDie();
  PlanInput input;
  input.extractor = &features->opened();
  input.options = &features->options();
  input.images = model.plan["images"].get<std::int64_t>();
  input.manifest_sha256 = model.plan["manifest_sha256"].get<std::string>();
  EXPECT_EQ(MakePlan(input).dump(), model.plan.dump());
}

TEST(ImageFeaturesTest, WrongRequestsAreSaid) {
  RunOptions options = Small();
  options.auto_precision = true;
  EXPECT_THAT(ImageFeatures::Make(options).status().message(), HasSubstr("--precision auto is measured"));
  const auto features = ImageFeatures::Make(Small()).ValueOrDie();
  const std::vector<ImageInput> images(2);
  std::vector<float> room(3);
  EXPECT_THAT(features->Extract(images, {room.data(), 1, 3}, nullptr).status().message(),
              HasSubstr("room for features of shape (1, 3); want (2, "));
}

TEST(ImageFeaturesTest, CanBeCancelled) {
  const auto features = ImageFeatures::Make(Small()).ValueOrDie();
  const std::vector<ImageInput> images(2, ImageInput(kPhotos + "/4_100.jpg"));
  std::vector<float> room(static_cast<std::size_t>(2 * features->extractor().dim()));
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_TRUE(
      features->Extract(images, {room.data(), 2, features->extractor().dim()}, &cancellation).status().IsCancelled());
}

}  // namespace
}  // namespace pomona
