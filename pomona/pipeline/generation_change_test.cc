#include "pomona/pipeline/generation_change.h"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing_folder::Files;
using testing_folder::ReadFile;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

constexpr const char* kOldPart = "features/part-00000.parquet";
constexpr const char* kNewPart = "features/part-00000-g2.parquet";

/// An output of generation 1 that is finished, and the same while its second one is made.
class GenerationChangeTest : public ::testing::Test {
 protected:
  GenerationChangeTest() : output_(OutputFolder::Open(Path("")).ValueOrDie()) {
    EXPECT_TRUE(output_.Claim(nullptr).ok());
    const std::vector<std::string> names = {kOldPart, "projection.csv", "model/old.bin", "run.json", "_SUCCESS"};
    EXPECT_TRUE(output_.NameFiles(names).ok());
    for (const std::string& name : names) WriteFile(Path(name), "old");
    for (const char* name : {"options.json", "plan.json", "join.json", "shards/00000.json"})
      WriteFile(Path("_pomona/") + name, "{}");
    WriteFile(Path("run.json"), Json({{"generation", 1}, {"files", names}}).dump());
    EXPECT_TRUE(output_.Finish().ok());
  }

  std::string Path(const std::string& name) const { return (folder_.path() / "out" / name).string(); }
  std::vector<std::string> Listed() const {
    return ParseJson(ReadFile(Path("run.json")), "run.json").ValueOrDie()["files"].get<std::vector<std::string>>();
  }
  std::vector<std::string> There() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : Files(Path(""))) {
      if (!OutputLock::IsLockName(fs::path(name).filename().string())) names.push_back(name);
    }
    return names;
  }

  void Start() {
    ASSERT_TRUE(StartGeneration(&output_, "run --update", {{"added", 3}}).ok());
    const std::vector<std::string> names = {kOldPart, "projection.csv"};
    ASSERT_TRUE(output_.NameFiles(names).ok());
    for (const char* name : {kOldPart, "projection.csv", "_pomona/plan.json", "_pomona/join.json"}) {
      WriteFile(Path(output_.NameOf(name)), "new");
    }
  }

  static Json NewRun() { return {{"generation", 2}, {"files", {kNewPart, "projection.csv", "run.json", "_SUCCESS"}}}; }

  void ExpectNew() const {
    EXPECT_THAT(There(), ::testing::UnorderedElementsAre(
                             kNewPart, "projection.csv", "run.json", "_SUCCESS", "_pomona/output.json",
                             "_pomona/files.json", "_pomona/current.json", "_pomona/options.json",
                             "_pomona/generation-2/plan.json", "_pomona/generation-2/join.json"));
    EXPECT_EQ(ReadFile(Path("projection.csv")), "new");
    EXPECT_EQ(ReadFile(Path(kNewPart)), "new");
    EXPECT_EQ(Listed(), NewRun()["files"].get<std::vector<std::string>>());
    EXPECT_FALSE(fs::exists(Path("model")));
    EXPECT_THAT(output_.files(), ::testing::Not(::testing::Contains(kOldPart)));
  }

  TempFolder folder_;
  OutputFolder output_;
};

TEST_F(GenerationChangeTest, UntilTheCommitTheOldOneIsThereAndListed) {
  Start();
  EXPECT_FALSE(fs::exists(Path("_SUCCESS")));
  for (const std::string& name : Listed()) {
    if (name == "run.json") continue;
    EXPECT_EQ(ReadFile(Path(name)), "old") << name;
  }
  EXPECT_THAT(Listed(), ::testing::Contains("_pomona/generation-1/projection.csv"));
  EXPECT_EQ(ReadFile(Path("projection.csv")), "old");
  EXPECT_EQ(GenerationDetails(output_).ValueOrDie()["added"], 3);
  const auto before = Files(Path(""));
  ASSERT_TRUE(StartGeneration(&output_, "run --update", {{"added", 3}}).ok());
  EXPECT_EQ(Files(Path("")), before) << "taking it up again changes nothing";
}

TEST_F(GenerationChangeTest, TheCommitPutsTheNewOneInItsPlace) {
  Start();
  ASSERT_TRUE(CommitGeneration(&output_, NewRun()).ok());
  EXPECT_EQ(output_.generation().current, 2);
  EXPECT_EQ(output_.state(), OutputFolder::State::kFinished);
  ExpectNew();
  EXPECT_TRUE(GenerationDetails(output_)->is_null());
}

TEST_F(GenerationChangeTest, AProcessKilledAfterTheCommitIsCompletedByTheNextClaim) {
  // Whatever of the work after the commit was done: nothing, some copies, some deletions.
  const std::vector<std::string> stations[] = {{}, {"projection.csv"}, {"projection.csv", kOldPart, "model/old.bin"}};
  Start();
  ASSERT_TRUE(output_.WriteJson("run.json", NewRun()).ok());
  WriteFile(Path("_pomona/current.json"), Json({{"format_version", 1},
                                                {"generation", 2},
                                                {"files", NewRun()["files"]},
                                                {"obsolete", {kOldPart, "model/old.bin"}}})
                                              .dump());
  output_.Release();
  const auto committed = Files(Path(""));
  for (const std::vector<std::string>& done : stations) {
    fs::remove_all(Path(""));
    for (const auto& [name, bytes] : committed) WriteFile(Path(name), bytes);
    for (const std::string& name : done) {
      if (name == "projection.csv") {
        WriteFile(Path(name), "new");
      } else {
        fs::remove(Path(name));
      }
    }
    OutputFolder again = OutputFolder::Open(Path("")).ValueOrDie();
    EXPECT_EQ(again.state(), OutputFolder::State::kUnfinished);
    ASSERT_TRUE(again.Claim(nullptr).ok());
    EXPECT_EQ(again.state(), OutputFolder::State::kFinished);
    output_ = std::move(again);
    ExpectNew();
    output_.Release();
  }
}

TEST_F(GenerationChangeTest, AbandonedItIsWhatItWas) {
  auto before = Files(Path(""));
  Start();
  ASSERT_TRUE(AbandonGeneration(&output_).ok());
  EXPECT_EQ(output_.state(), OutputFolder::State::kFinished);
  auto after = Files(Path(""));
  for (auto* files : {&before, &after}) {
    std::erase_if(*files, [](const auto& file) { return file.first.find("lock-") != std::string::npos; });
  }
  EXPECT_EQ(ParseJson(after["run.json"], "").ValueOrDie(), ParseJson(before["run.json"], "").ValueOrDie());
  after.erase("run.json");
  before.erase("run.json");
  EXPECT_EQ(after, before);
}

TEST_F(GenerationChangeTest, ClearTakesAllGenerations) {
  Start();
  ASSERT_TRUE(output_.Clear(nullptr).ok());
  output_.Release();
  EXPECT_TRUE(Files(Path("")).empty());
}

}  // namespace
}  // namespace pomona
