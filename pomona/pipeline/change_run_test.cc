#include "pomona/pipeline/change_run.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing_folder::CopyPhotos;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using testing_run::CancelAfter;
using testing_run::Pixels;
using testing_run::RunAll;
using testing_run::Table;

void ExpectSame(const std::string& changed, const std::string& fresh) {
  EXPECT_EQ(ReadFile(changed + "/projection.csv"), ReadFile(fresh + "/projection.csv"));
  EXPECT_EQ(ReadFile(changed + "/model/arrays.safetensors"), ReadFile(fresh + "/model/arrays.safetensors"));
  const Json run = ParseJson(ReadFile(changed + "/run.json"), "run.json").ValueOrDie();
  const std::string suffix = "-g" + run["generation"].dump() + ".parquet";
  for (const char* name : {"features/part-00000", "projection/part-00000"}) {
    EXPECT_TRUE(Table(changed + "/" + name + suffix)->Equals(*Table(fresh + "/" + name + ".parquet"))) << name;
  }
  EXPECT_TRUE(Table(changed + "/quarantine.parquet")->Equals(*Table(fresh + "/quarantine.parquet")));
}

class ChangeRunTest : public ::testing::Test {
 protected:
  ChangeRunTest() {
    CopyPhotos("Kiwi", folder_ / "in/Kiwi", 60);
    WriteFile(folder_ / "in/Kiwi/1-bad.jpg", "no image");
    options_ = Pixels(folder_ / "in", folder_ / "out");
    EXPECT_TRUE(RunAll(options_).ok());
  }

  void ExpectLikeAFreshRun() const {
    ASSERT_TRUE(RunAll(Pixels(folder_ / "in", folder_ / "fresh")).ok());
    ExpectSame(folder_ / "out", folder_ / "fresh");
  }

  TempFolder folder_;
  RunOptions options_;
};

TEST_F(ChangeRunTest, AnInterruptedUpdateGoesOnAndEqualsAFreshRun) {
  CopyPhotos("Banana", folder_ / "in/Banana", 60);
  options_.update = UpdateKind::kKeep;
  CancelAfter interrupt(1500);
  EXPECT_TRUE(RunAll(options_, &interrupt.cancellation, &interrupt).status().IsCancelled());
  EXPECT_FALSE(fs::exists(folder_ / "out/_SUCCESS"));
  RunOptions plain = options_;
  plain.update = UpdateKind::kNone;
  EXPECT_TRUE(IsUsageError(RunAll(plain).status()));
  options_.threads = 1;
  const RunSummary summary = RunAll(options_).ValueOrDie();
  EXPECT_EQ(summary.run["generation"], 2);
  EXPECT_EQ(summary.run["change"]["reused"].get<std::int64_t>() + summary.run["change"]["added"].get<std::int64_t>(),
            summary.run["images_listed"]);
  ExpectLikeAFreshRun();
  EXPECT_EQ(RunAll(plain)->outcome, RunOutcome::kAlreadyDone);
  EXPECT_EQ(RunAll(options_)->outcome, RunOutcome::kAlreadyDone);
}

TEST_F(ChangeRunTest, RetriedFailuresBecomeRows) {
  WriteFile(folder_ / "in/Kiwi/1-bad.jpg", testing_folder::AnyPhoto());
  RunOptions retry;
  retry.output = options_.output;
  retry.threads = 1;
  const RunSummary summary = RetryFailed(retry, nullptr, nullptr).ValueOrDie();
  EXPECT_EQ(summary.run["images_extracted"], 1);
  EXPECT_EQ(summary.run["images_quarantined"], 0);
  EXPECT_EQ(summary.run["change"]["replaced"], 1);
  ExpectLikeAFreshRun();
  EXPECT_EQ(RetryFailed(retry, nullptr, nullptr)->outcome, RunOutcome::kAlreadyDone);
}

TEST_F(ChangeRunTest, AnUnfinishedOutputIsFinishedBeforeItIsUpdated) {
  fs::remove(folder_ / "out/_SUCCESS");
  CopyPhotos("Banana", folder_ / "in/Banana", 1);
  options_.update = UpdateKind::kMirror;
  EXPECT_EQ(RunAll(options_)->run["generation"], 2);
  ExpectLikeAFreshRun();
}

/// The CSV files of an output joined, and their names.
std::pair<std::string, std::vector<std::string>> CsvOf(const fs::path& output, const Json& run) {
  std::string text;
  std::vector<std::string> names;
  for (const Json& file : run["files"]) {
    const auto name = file.get<std::string>();
    if (!name.starts_with("projection") || !name.ends_with(".csv")) continue;
    names.push_back(name);
    const std::string part = ReadFile(output / name);
    text += text.empty() ? part : part.substr(part.find('\n') + 1);
  }
  return {text, names};
}

TEST_F(ChangeRunTest, CsvFilesBecomePartsAndOneFileAgain) {
  CopyPhotos("Banana", folder_ / "in/Banana", 60);
  const std::string fresh = folder_ / "fresh";
  ASSERT_TRUE(RunAll(Pixels(folder_ / "in", fresh)).ok());
  options_.update = UpdateKind::kMirror;
  options_.csv_rows = 1000;
  CancelAfter interrupt(1500);
  EXPECT_TRUE(RunAll(options_, &interrupt.cancellation, &interrupt).status().IsCancelled());
  const auto parts = CsvOf(folder_ / "out", RunAll(options_)->run);
  EXPECT_GT(parts.second.size(), 1U);
  EXPECT_EQ(parts.second.front(), "projection-00000.csv");
  EXPECT_EQ(parts.first, ReadFile(fresh + "/projection.csv"));
  EXPECT_FALSE(fs::exists(folder_ / "out/projection.csv"));

  fs::remove_all(folder_ / "in/Banana");
  options_.csv_rows = 1'000'000;
  const auto one = CsvOf(folder_ / "out", RunAll(options_)->run);
  EXPECT_EQ(one.second, std::vector<std::string>{"projection.csv"});
  EXPECT_FALSE(fs::exists(folder_ / "out/projection-00000.csv"));
}

TEST_F(ChangeRunTest, AnErrorOfTheUserLeavesTheOutputAsItWas) {
  CopyPhotos("Banana", folder_ / "in/Banana", 1);
  const std::string before = ReadFile(folder_ / "out/projection.csv");
  RunOptions wrong = options_;
  wrong.update = UpdateKind::kKeep;
  wrong.resample = ResizeFilter::kLanczos;
  EXPECT_TRUE(IsUsageError(RunAll(wrong).status()));
  EXPECT_TRUE(fs::exists(folder_ / "out/_SUCCESS"));
  EXPECT_EQ(ReadFile(folder_ / "out/projection.csv"), before);
}

}  // namespace
}  // namespace pomona
