#include "pomona/pipeline/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/features_output.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

class FitTest : public ::testing::Test {
 protected:
  FitTest() {
    testing_features::MakeFeatures(Location::Parse(folder_ / "in").ValueOrDie(), 40, 3);
    features_ = FeaturesOutput::Open(folder_ / "in").ValueOrDie();
    recipe_.plan = features_.plan;
  }
  Status FitTo(const std::string& output) {
    Job job(JobKind::kFit, OutputFolder::Open(folder_ / output).ValueOrDie(), nullptr, nullptr, 2);
    ARROW_RETURN_NOT_OK(job.Begin(Json::object()));
    ARROW_RETURN_NOT_OK(FitAndProject(*features_.rows, recipe_, features_.root.Child("_pomona/thumbnails.arrow"), job));
    messages_ = job.log().messages();
    return Status::OK();
  }
  TempFolder folder_;
  FeaturesOutput features_;
  FitRecipe recipe_;
  std::vector<std::string> messages_;
};

TEST_F(FitTest, WritesModelAndProjection) {
  ASSERT_TRUE(FitTo("out").ok());
  const PipelineModel model = ReadModel(Location::Parse(folder_ / "out").ValueOrDie()).ValueOrDie();
  EXPECT_EQ(model.reduction.rows, 40);
  EXPECT_EQ(model.options["extractor"], "pixels");
  EXPECT_EQ(model.model_file, "");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/projection.csv"));
}

TEST_F(FitTest, CopiesTheUsersModelWithItsWeights) {
  WriteFile(folder_ / "net.xml", "graph");
  WriteFile(folder_ / "net.bin", "weights");
  recipe_.model_file = folder_ / "net.xml";
  ASSERT_TRUE(FitTo("out").ok());
  EXPECT_EQ(ReadFile(folder_ / "out/model/net.xml"), "graph");
  EXPECT_EQ(ReadFile(folder_ / "out/model/net.bin"), "weights");
  EXPECT_EQ(ReadModel(Location::Parse(folder_ / "out").ValueOrDie())->model_file, "net.xml");

  WriteFile(folder_ / "saved/saved_model.pb", "graph");
  WriteFile(folder_ / "saved/variables/variables.index", "x");
  recipe_.model_file = folder_ / "saved";
  ASSERT_TRUE(FitTo("other").ok());
  EXPECT_EQ(ReadFile(folder_ / "other/model/saved/variables/variables.index"), "x");
  OutputFolder output = OutputFolder::Open(folder_ / "other").ValueOrDie();
  ASSERT_TRUE(output.Clear(nullptr).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other/model/saved/saved_model.pb"));
}

TEST_F(FitTest, AModelThatIsTooLargeIsNamedByItsPlace) {
  WriteFile(folder_ / "net.onnx", "");
  std::filesystem::resize_file(folder_ / "net.onnx", kLargestModelFile + 1);
  recipe_.model_file = folder_ / "net.onnx";
  ASSERT_TRUE(FitTo("out").ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/model/net.onnx"));
  EXPECT_THAT(messages_, ::testing::Contains(::testing::HasSubstr("too large to be copied")));
}

}  // namespace
}  // namespace pomona
