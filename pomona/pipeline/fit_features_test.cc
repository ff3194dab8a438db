#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
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
using testing_run::ExpectSameResult;
using testing_run::Pixels;
using testing_run::RunAll;
using testing_run::RunFeatures;

TEST(Fit, MakesWhatRunMakes) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Training").string(), folder / "run");
  ASSERT_TRUE(RunAll(options).ok());
  options.output = folder / "features";
  ASSERT_TRUE(RunFeatures(options).ok());

  FitOptions fit;
  fit.features = folder / "features";
  fit.output = folder / "fit";
  EXPECT_EQ(Fit(fit, nullptr, nullptr)->outcome, RunOutcome::kDone);
  EXPECT_EQ(Fit(fit, nullptr, nullptr)->outcome, RunOutcome::kAlreadyDone);
  EXPECT_EQ(ReadFile(folder / "fit/projection.csv"), ReadFile(folder / "run/projection.csv"));
  EXPECT_EQ(ReadFile(folder / "fit/model/arrays.safetensors"), ReadFile(folder / "run/model/arrays.safetensors"));

  fit.output = fit.features;
  EXPECT_EQ(Fit(fit, nullptr, nullptr)->outcome, RunOutcome::kDone);
  ExpectSameResult(folder / "features", folder / "run");
  EXPECT_EQ(Fit(fit, nullptr, nullptr)->outcome, RunOutcome::kAlreadyDone);
  fit.components = 2;
  const Status other = Fit(fit, nullptr, nullptr).status();
  EXPECT_TRUE(IsUsageError(other));
  EXPECT_THAT(other.message(), HasSubstr("has a fit with the default number of components already"));
  fit.overwrite = true;
  EXPECT_EQ(Fit(fit, nullptr, nullptr)->outcome, RunOutcome::kDone);
  fit.overwrite = false;
  fit.components.reset();
  fit.variance = 0.5;
  EXPECT_THAT(Fit(fit, nullptr, nullptr).status().message(), HasSubstr("has a fit with --components 2 already"));
  fit.variance.reset();
  EXPECT_TRUE(fs::exists(folder / "features/features/part-00000.parquet"));
  fit.components = 1000;
  EXPECT_THAT(Fit(fit, nullptr, nullptr).status().message(), HasSubstr("rank is at most 48; take 48 or fewer"));
}

TEST(Fit, OneRowIsTooFewForComponents) {
  const TempFolder folder;
  RunOptions options = Pixels((Photos() / "Training").string(), folder / "features");
  options.limit = 1;
  ASSERT_TRUE(RunFeatures(options).ok());
  FitOptions fit;
  fit.features = folder / "features";
  fit.output = folder / "fit";
  fit.components = 1;
  EXPECT_THAT(Fit(fit, nullptr, nullptr).status().message(),
              HasSubstr("needs two rows at least, there is one; leave --components out"));
  fit.components.reset();
  EXPECT_THAT(Fit(fit, nullptr, nullptr)->message, HasSubstr("the fit was skipped"));
}

}  // namespace
}  // namespace pomona
