#include "pomona/pipeline/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/source_folder_for_test.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

/// Written by `WriteModel` once and kept: later programs must read it.
std::filesystem::path Golden() {
  return std::filesystem::path(kSourceFolder) / "pomona" / "pipeline" / "testdata" / "model-format-1";
}

PipelineModel SomeModel() {
  PipelineModel model;
  model.extractor = {{"name", "pixels"}, {"weights_sha256", nullptr}};
  model.options = {{"extractor", "pixels"}, {"image-size", "1x1"}};
  model.plan = {{"features", 3}, {"precision", "f32"}, {"batch_size", 8}};
  model.reduction.rows = 4;
  model.reduction.mean = {1, 2.5, -3};
  model.reduction.scale = {0.5, 0, 2};
  model.reduction.components = {2, 3, {0.6, 0, 0.8, 0.8, 0, -0.6}};
  model.reduction.explained_variance = {1.5, 0.5};
  model.reduction.total_variance = 2;
  return model;
}

void ExpectSame(const PipelineModel& model, const PipelineModel& wanted) {
  EXPECT_EQ(model.extractor, wanted.extractor);
  EXPECT_EQ(model.options, wanted.options);
  EXPECT_EQ(model.plan, wanted.plan);
  EXPECT_EQ(model.model_file, wanted.model_file);
  EXPECT_EQ(model.reduction.rows, wanted.reduction.rows);
  EXPECT_EQ(model.reduction.mean, wanted.reduction.mean);
  EXPECT_EQ(model.reduction.scale, wanted.reduction.scale);
  EXPECT_EQ(model.reduction.components.values, wanted.reduction.components.values);
  EXPECT_EQ(model.reduction.components.rows, wanted.reduction.components.rows);
  EXPECT_EQ(model.reduction.explained_variance, wanted.reduction.explained_variance);
  EXPECT_EQ(model.reduction.total_variance, wanted.reduction.total_variance);
  EXPECT_EQ(model.reduction.randomized, wanted.reduction.randomized);
}

TEST(ModelFolder, ReadsBackFromItselfOrTheOutputAbove) {
  const TempFolder folder;
  PipelineModel model = SomeModel();
  model.model_file = "own.onnx";
  model.reduction.randomized = true;
  const Location place = Location::Parse(folder / "out/model").ValueOrDie();
  ASSERT_TRUE(WriteModel(model, place).ok());
  ExpectSame(ReadModel(place).ValueOrDie(), model);
  ExpectSame(ReadModel(Location::Parse(folder / "out").ValueOrDie()).ValueOrDie(), model);
}

TEST(ModelFolder, GoldenFilesAreReadAndWrittenToTheByte) {
  ExpectSame(ReadModel(Location::Parse(Golden().string()).ValueOrDie()).ValueOrDie(), SomeModel());
  const TempFolder folder;
  ASSERT_TRUE(WriteModel(SomeModel(), Location::Parse(folder / "model").ValueOrDie()).ok());
  EXPECT_EQ(ReadFile(folder / "model/arrays.safetensors"), ReadFile(Golden() / "arrays.safetensors"));
  Json written = ParseJson(ReadFile(folder / "model/pipeline.json"), "written").ValueOrDie();
  Json golden = ParseJson(ReadFile(Golden() / "pipeline.json"), "golden").ValueOrDie();
  written.erase("made_by");
  golden.erase("made_by");
  EXPECT_EQ(written.dump(), golden.dump());
}

TEST(ModelFolder, DamageAndNewerFormatsAreNamed) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "model").ValueOrDie();
  EXPECT_TRUE(IsUsageError(ReadModel(place).status()));
  ASSERT_TRUE(WriteModel(SomeModel(), place).ok());
  const std::string good = ReadFile(folder / "model/pipeline.json");
  const auto with = [&](std::string from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    WriteFile(folder / "model/pipeline.json", text);
    return ReadModel(place).status().message();
  };
  EXPECT_THAT(with("\"model_format\": 1", "\"model_format\": 2"), HasSubstr("use a newer Pomona"));
  EXPECT_THAT(with("\"components\": 2", "\"components\": 3"), HasSubstr("pca.components is F64 (2, 3)"));
  EXPECT_THAT(with("\"model_file\": null", "\"model_file\": \"a/x\""), HasSubstr("plain name"));
  EXPECT_THAT(with("\"model_file\": null", "\"model_file\": \"../../x\""), HasSubstr("not a file inside"));
  EXPECT_THAT(with("{", "["), HasSubstr("not valid JSON"));
  WriteFile(folder / "model/pipeline.json", good);
  std::filesystem::resize_file(folder / "model/arrays.safetensors", 40);
  EXPECT_FALSE(ReadModel(place).ok());
}

}  // namespace
}  // namespace pomona
