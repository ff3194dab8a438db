#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/run.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing_folder::Photos;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_run::Pixels;
using testing_run::RunAll;
using testing_run::RunFeatures;

TEST(Apply, ProjectsNewImagesAndFeaturesAlike) {
  const TempFolder folder;
  ASSERT_TRUE(RunAll(Pixels((Photos() / "Training").string(), folder / "run")).ok());
  ApplyOptions apply;
  apply.model = folder / "run";
  apply.run.input = (Photos() / "Training").string();
  apply.run.output = folder / "again";
  ASSERT_EQ(Apply(apply, nullptr, nullptr)->outcome, RunOutcome::kDone);
  EXPECT_EQ(ReadFile(folder / "again/projection.csv"), ReadFile(folder / "run/projection.csv"));
  EXPECT_EQ(Apply(apply, nullptr, nullptr)->outcome, RunOutcome::kAlreadyDone);

  apply.model = folder / "run/model";
  apply.run.input = folder / "again";
  apply.run.output = folder / "from-features";
  ASSERT_EQ(Apply(apply, nullptr, nullptr)->outcome, RunOutcome::kDone);
  EXPECT_EQ(ReadFile(folder / "from-features/projection.csv"), ReadFile(folder / "run/projection.csv"));

  apply.run.input = (Photos() / "Test").string();
  apply.run.output = folder / "new";
  const RunSummary fresh = Apply(apply, nullptr, nullptr).ValueOrDie();
  EXPECT_GT(fresh.run["images_ok"], 10);
  EXPECT_TRUE(fs::exists(folder / "new/_SUCCESS"));
}

TEST(Apply, MissingWeightsLeaveTheOutputFree) {
  const TempFolder folder;
  ASSERT_TRUE(RunAll(Pixels((Photos() / "Test").string(), folder / "run")).ok());
  const std::string recipe = ReadFile(folder / "run/model/pipeline.json");
  Json model = ParseJson(recipe, "pipeline.json").ValueOrDie();
  model["options"]["extractor"] = "vgg16";
  model["options"]["image-size"] = "32x32";
  testing_folder::WriteFile(folder / "run/model/pipeline.json", model.dump());
  ApplyOptions apply;
  apply.model = folder / "run";
  apply.run.input = (Photos() / "Test").string();
  apply.run.output = folder / "out";
  apply.run.extractor.model_cache = folder / "empty-cache";
  EXPECT_EQ(MissingModelOf(Apply(apply, nullptr, nullptr).status()), "vgg16");
  EXPECT_FALSE(fs::exists(folder / "out"));
  testing_folder::WriteFile(folder / "run/model/pipeline.json", recipe);
  EXPECT_EQ(Apply(apply, nullptr, nullptr)->outcome, RunOutcome::kDone);
}

TEST(Apply, RefusesWhatDoesNotFit) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Test").string(), folder / "run");
  ASSERT_TRUE(RunAll(options).ok());
  options.output = folder / "larger";
  options.extractor.network.image_width = 5;
  ASSERT_TRUE(RunFeatures(options).ok());
  ApplyOptions apply;
  apply.model = folder / "run";
  apply.run.input = folder / "larger";
  apply.run.output = folder / "out";
  const Status status = Apply(apply, nullptr, nullptr).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("does not fit the model"));
  apply.model = folder / "larger";
  EXPECT_THAT(Apply(apply, nullptr, nullptr).status().message(), HasSubstr("there is no model"));
}

}  // namespace
}  // namespace pomona
