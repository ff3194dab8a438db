#include "pomona/pipeline/features_output.h"

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

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
