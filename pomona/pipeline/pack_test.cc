#include "pomona/pipeline/pack.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::CopyPhotos;
using testing_folder::Files;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using testing_run::CancelAfter;
using testing_run::ExpectSameResult;
using testing_run::Pixels;
using testing_run::RunAll;

/// The shards of an output with their bytes.
std::map<std::string, std::string> Shards(const std::string& output) {
  std::map<std::string, std::string> shards = Files(output);
  std::erase_if(shards, [](const auto& file) { return !IsPackShardName(file.first); });
  return shards;
}

class PackFormats : public ::testing::TestWithParam<PackFormat> {
 protected:
  PackFormats() {
    CopyPhotos("Kiwi", folder_ / "in/Kiwi", 1);
    CopyPhotos("Lemon", folder_ / "in/Lemon", 1);
    // Named before all others, between them, and behind them.
    for (const char* name : {"A/gone.jpg", "Kiwi/gone.jpg", "Z/gone1.jpg", "Z/gone2.jpg"}) {
      std::filesystem::create_directories((folder_.path() / "in" / name).parent_path());
      std::filesystem::create_symlink("nowhere", folder_.path() / "in" / name);
    }
  }

  PackOptions Options(const std::string& output) const {
    return {Pixels(folder_ / "in", folder_ / output), GetParam(), 40'000};
  }
  Result<RunSummary> Packed(const std::string& output) const { return Pack(Options(output), nullptr, nullptr); }

  const TempFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(All, PackFormats, ::testing::Values(PackFormat::kTar, PackFormat::kParquet));

TEST_P(PackFormats, ARunOnPackedPhotosEqualsOneOnThePhotos) {
  const RunSummary packed = Packed("packed").ValueOrDie();
  EXPECT_EQ(packed.run["images_quarantined"], 4);
  EXPECT_EQ(packed.run["images_listed"], packed.run["images_ok"].get<int>() + 4);
  const auto shards = Shards(folder_ / "packed");
  EXPECT_GT(shards.size(), 3U);
  EXPECT_EQ(packed.run["pack"]["shards"], shards.size());
  std::vector<std::string> files;
  for (const auto& [name, bytes] : Files(folder_ / "packed")) {
    if (!name.starts_with("_pomona/")) files.push_back(name);
  }
  EXPECT_EQ(packed.run["files"], Json(files));

  for (const char* gone : {"in/A", "in/Kiwi/gone.jpg", "in/Z"}) std::filesystem::remove_all(folder_ / gone);
  ASSERT_TRUE(RunAll(Pixels(folder_ / "in", folder_ / "out")).ok());
  const Result<RunSummary> summary = RunAll(Pixels(folder_ / "packed", folder_ / "out2"));
  ASSERT_TRUE(summary.ok()) << summary.status().ToString();
  ExpectSameResult(folder_ / "out", folder_ / "out2");
}

TEST_P(PackFormats, GoesOnWhereItWasInterrupted) {
  ASSERT_TRUE(Packed("undisturbed").ok());
  const auto expected = Shards(folder_ / "undisturbed");
  for (const int images : {1, 9, 20, 31, 40}) {
    const std::string output = "out" + std::to_string(images);
    CancelAfter cancel(images, "pack");
    EXPECT_TRUE(Pack(Options(output), &cancel, &cancel.cancellation).status().IsCancelled());
    EXPECT_TRUE(IsUsageError(RunAll(Pixels(folder_ / output, folder_ / "run")).status()));
    const auto before = Shards(folder_ / output);
    EXPECT_LT(before.size(), expected.size());
    const RunSummary finished = Packed(output).ValueOrDie();
    EXPECT_EQ(finished.run["images_quarantined"], 4);
    EXPECT_EQ(Shards(folder_ / output), expected);
    EXPECT_EQ(ReadFile(folder_ / output + "/quarantine.parquet"), ReadFile(folder_ / "undisturbed/quarantine.parquet"));
  }
}

TEST_P(PackFormats, AFinishedOneIsLeftAlone) {
  ASSERT_TRUE(Packed("out").ok());
  const auto before = Files(folder_ / "out");
  const auto shards = Shards(folder_ / "out");
  EXPECT_EQ(Packed("out").ValueOrDie().outcome, RunOutcome::kAlreadyDone);
  PackOptions other = Options("out");
  other.shard_bytes = 50'000;
  const Status refused = Pack(other, nullptr, nullptr).status();
  EXPECT_TRUE(IsUsageError(refused));
  EXPECT_THAT(refused.message(), HasSubstr("--shard-bytes: made with 40000, now 50000"));
  EXPECT_TRUE(IsUsageError(RunAll(Pixels(folder_ / "in", folder_ / "out")).status()));
  EXPECT_EQ(Files(folder_ / "out"), before);
  other.images.overwrite = true;
  ASSERT_TRUE(Pack(other, nullptr, nullptr).ok());
  EXPECT_NE(Shards(folder_ / "out"), shards);
}

TEST_P(PackFormats, MakesAgainWhatIsLostOrChanged) {
  ASSERT_TRUE(Packed("out").ok());
  const auto expected = Shards(folder_ / "out");
  const std::string last = expected.rbegin()->first;
  const std::string middle = std::next(expected.begin(), 2)->first;
  for (const std::string& name : {last, middle, expected.begin()->first}) {
    std::filesystem::remove(folder_.path() / "out/_SUCCESS");
    std::string bytes = expected.at(name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    WriteFile(folder_.path() / "out" / name, bytes);
    ASSERT_TRUE(Packed("out").ok());
    EXPECT_EQ(Shards(folder_ / "out"), expected);
    std::filesystem::remove(folder_.path() / "out/_SUCCESS");
    std::filesystem::remove(folder_.path() / "out" / name);
    ASSERT_TRUE(Packed("out").ok());
    EXPECT_EQ(Shards(folder_ / "out"), expected);
  }
}

TEST_P(PackFormats, AShardWithoutARecordDoesNotStay) {
  ASSERT_TRUE(Packed("out").ok());
  const auto expected = Shards(folder_ / "out");
  std::filesystem::remove(folder_.path() / "out/_SUCCESS");
  const std::string last = expected.rbegin()->first;
  // Killed between a shard and its record; and of the images behind those of the last record none can be read any more.
  for (const auto& [name, text] : Files(folder_ / "out/_pomona/shards")) {
    if (Json::parse(text)["part"] == last) std::filesystem::remove(folder_.path() / "out/_pomona/shards" / name);
  }
  std::filesystem::remove_all(folder_.path() / "in/Lemon");
  PackOptions options = Options("out");
  options.images.max_failures.images = 1000;
  const RunSummary summary = Pack(options, nullptr, nullptr).ValueOrDie();
  EXPECT_GT(summary.run["images_quarantined"], 4);
  EXPECT_FALSE(Shards(folder_ / "out").contains(last));
}

TEST_P(PackFormats, TooManyFailuresLeaveItOpen) {
  PackOptions options = Options("out");
  options.images.max_failures.images = 3;
  const RunSummary summary = Pack(options, nullptr, nullptr).ValueOrDie();
  EXPECT_EQ(summary.outcome, RunOutcome::kTooManyFailures);
  EXPECT_EQ(summary.run["images_quarantined"], 4);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/_SUCCESS"));
  const Status refused = RunAll(Pixels(folder_ / "out", folder_ / "run")).status();
  EXPECT_TRUE(IsUsageError(refused));
  EXPECT_THAT(refused.message(), HasSubstr("higher --max-failures"));
  options.images.max_failures.images = 4;
  const RunSummary again = Pack(options, nullptr, nullptr).ValueOrDie();
  EXPECT_EQ(again.outcome, RunOutcome::kDone);
  EXPECT_EQ(again.run["images_read"], 0);
}

TEST(Pack, ManyFailuresAreCommittedBetweenShards) {
  const TempFolder folder;
  CopyPhotos("Kiwi", folder / "in/Kiwi", 1);
  std::filesystem::create_directories(folder / "in/Gone");
  for (int i = 0; i < 5000; ++i) {
    std::filesystem::create_symlink("nowhere", folder.path() / "in/Gone" / std::to_string(10'000 + i));
  }
  PackOptions options;
  options.images = Pixels(folder / "in", folder / "out");
  const RunSummary stopped = Pack(options, nullptr, nullptr).ValueOrDie();
  EXPECT_EQ(stopped.outcome, RunOutcome::kTooManyFailures);
  EXPECT_EQ(stopped.run["images_quarantined"], 4096);  // it ends early, and what it has read is accounted for
  EXPECT_EQ(stopped.run["images_ok"], 0);
  EXPECT_EQ(Shards(folder / "out").size(), 0U);
  options.images.max_failures.images = 5000;
  const RunSummary done = Pack(options, nullptr, nullptr).ValueOrDie();
  EXPECT_EQ(done.outcome, RunOutcome::kDone);
  EXPECT_EQ(done.run["images_quarantined"], 5000);
  EXPECT_EQ(done.run["images_read"], done.run["images_listed"].get<int>() - 4096);
  EXPECT_EQ(Shards(folder / "out").begin()->first, "pack-00000.tar");
  EXPECT_EQ(testing_run::Table(folder / "out/quarantine.parquet")->num_rows(), 5000);
}

TEST(Pack, KeepsToTheRulesOfOutputs) {
  const TempFolder folder;
  CopyPhotos("Kiwi", folder / "in/Kiwi", 1);
  WriteFile(folder.path() / "theirs" / "x", "x");
  const auto pack = [&](const std::string& output, bool overwrite) {
    PackOptions options;
    options.images = Pixels(folder / "in", folder / output);
    options.images.overwrite = overwrite;
    return Pack(options, nullptr, nullptr).status();
  };
  for (const bool overwrite : {false, true}) {
    EXPECT_TRUE(IsUsageError(pack("theirs", overwrite)));
    EXPECT_TRUE(IsUsageError(pack("in/out", overwrite)));
    EXPECT_TRUE(IsUsageError(pack("", overwrite)));
  }
  EXPECT_EQ(Files(folder / "theirs").size(), 1U);
  ASSERT_TRUE(pack("out", false).ok());
  WriteFile(folder.path() / "out" / "pack-00001.tar", "mine");
  ASSERT_TRUE(pack("out", true).ok());
  EXPECT_EQ(ReadFile(folder.path() / "out" / "pack-00001.tar"), "mine");
}

TEST(Pack, NothingToPackLeavesNothing) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "in");
  PackOptions options;
  options.images = Pixels(folder / "in", folder / "out");
  EXPECT_TRUE(IsUsageError(Pack(options, nullptr, nullptr).status()));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace pomona
