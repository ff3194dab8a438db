#include "pomona/pipeline/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::TempFolder;

Job MakeJob(JobKind kind, const std::string& output) {
  return Job(kind, OutputFolder::Open(output).ValueOrDie(), nullptr, nullptr, 1);
}

TEST(Job, AnOutputOfAnotherCommandIsRefused) {
  const TempFolder folder;
  Job fit = MakeJob(JobKind::kFit, folder / "out");
  EXPECT_FALSE(fit.CheckStored({{"components", 3}})->has_value());
  ASSERT_TRUE(fit.Begin({{"components", 3}}).ok());
  ASSERT_TRUE(fit.Finish(Json::object(), RunOutcome::kDone).ok());
  const Status status = MakeJob(JobKind::kApply, folder / "out").CheckStored(Json::object()).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("made by `pomona fit`"));
  EXPECT_TRUE(MakeJob(JobKind::kFit, folder / "out").CheckStored({{"components", 3}})->has_value());
  EXPECT_TRUE(IsUsageError(MakeJob(JobKind::kFit, folder / "out").CheckStored({{"components", 4}}).status()));
}

TEST(Job, UndoLeavesNothingOfANewOutput) {
  const TempFolder folder;
  Job job = MakeJob(JobKind::kRun, folder / "out");
  ASSERT_TRUE(job.Begin(Json::object()).ok());
  job.Undo();
  EXPECT_TRUE(testing_folder::Files(folder.path()).empty());
}

TEST(Job, AfterTooManyFailuresThereIsNoSuccess) {
  const TempFolder folder;
  Job job = MakeJob(JobKind::kRun, folder / "out");
  ASSERT_TRUE(job.Begin(Json::object()).ok());
  Extraction extraction;
  extraction.images = extraction.quarantined = 12;
  extraction.failures_by_label["a"] = 12;
  extraction.plan = Json::object();
  job.SetExtraction(extraction);
  const RunSummary summary = job.Finish(Json::object(), RunOutcome::kTooManyFailures).ValueOrDie();
  EXPECT_EQ(summary.run["outcome"], "too-many-failures");
  EXPECT_EQ(summary.run["images_quarantined"], 12);
  EXPECT_FALSE(std::filesystem::exists(folder / "out/_SUCCESS"));
  EXPECT_TRUE(std::filesystem::exists(folder / "out/report.html"));
}

}  // namespace
}  // namespace pomona
