#include "pomona/pipeline/features_output.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::TempFolder;

TEST(FeaturesOutput, OpensAnOutputOrItsFeaturesFolder) {
  const TempFolder folder;
  testing_features::MakeFeatures(Location::Parse(folder / "out").ValueOrDie(), 5, 3);
  for (const std::string& place : {folder / "out", folder / "out/features/"}) {
    EXPECT_TRUE(FeaturesOutput::IsAt(Location::Parse(place).ValueOrDie()).ValueOrDie());
    const FeaturesOutput output = FeaturesOutput::Open(place).ValueOrDie();
    EXPECT_EQ(output.root.path, folder / "out");
    EXPECT_EQ(output.rows->row_count(), 5);
    EXPECT_EQ(output.plan["features"], 3);
    EXPECT_EQ(output.ModelFile(), "");
  }
}

TEST(FeaturesOutput, ImagesAreNoFeatures) {
  EXPECT_FALSE(FeaturesOutput::IsAt(Location::Parse(testing_folder::Photos().string()).ValueOrDie()).ValueOrDie());
  EXPECT_TRUE(IsUsageError(FeaturesOutput::Open(testing_folder::Photos().string()).status()));
}

TEST(FeaturesOutput, RefusesAPartOfAnotherOutput) {
  const TempFolder folder;
  testing_features::MakeFeatures(Location::Parse(folder / "out").ValueOrDie(), 5, 3);
  testing_folder::WriteFile(folder / "out/_pomona/join.json",
                            R"({"rows": 5, "parts": [{"name": "features/part-00000.parquet"}]})");
  testing_features::MakeFeatures(Location::Parse(folder / "other").ValueOrDie(), 5, 4);
  std::filesystem::copy_file(folder / "other/features/part-00000.parquet", folder / "out/features/part-00001.parquet");
  for (const std::string& place : {folder / "out", folder / "out/features"}) {
    const Status status = FeaturesOutput::Open(place).status();
    EXPECT_TRUE(IsUsageError(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("part-00001.parquet lies among features"));
  }
  std::filesystem::remove(folder / "out/features/part-00001.parquet");
  EXPECT_TRUE(FeaturesOutput::Open(folder / "out").ok());
}

TEST(FeaturesOutput, FindsTheModelFile) {
  const TempFolder folder;
  testing_features::MakeFeatures(Location::Parse(folder / "out").ValueOrDie(), 5, 3);
  FeaturesOutput output = FeaturesOutput::Open(folder / "out").ValueOrDie();
  testing_folder::WriteFile(folder / "own.onnx", "model");
  output.plan["recipe"]["extractor"] = folder / "own.onnx";
  EXPECT_EQ(output.ModelFile(), folder / "own.onnx");
  output.plan["recipe"]["extractor"] = folder / "gone.onnx";
  EXPECT_EQ(output.ModelFile(), "");
}

}  // namespace
}  // namespace pomona
