#include "pomona/pipeline/output_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::Files;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using State = OutputFolder::State;

OutputFolder MustOpen(const std::string& place) { return OutputFolder::Open(place).ValueOrDie(); }

TEST(OutputFolder, GoesFromNewToFinishedAndBack) {
  const TempFolder folder;
  const std::string place = folder / "out";
  EXPECT_EQ(MustOpen(place).state(), State::kNew);
  std::filesystem::create_directories(place);
  EXPECT_EQ(MustOpen(place).state(), State::kNew);
  OutputFolder output = MustOpen(place);
  ASSERT_TRUE(output.Claim(nullptr).ok());
  EXPECT_EQ(MustOpen(place).state(), State::kUnfinished);
  ASSERT_TRUE(output.Finish().ok());
  EXPECT_EQ(MustOpen(place).state(), State::kFinished);
  ASSERT_TRUE(output.BeginChange().ok());
  EXPECT_EQ(MustOpen(place).state(), State::kUnfinished);
}

TEST(OutputFolder, RefusesWhatIsNotPomonas) {
  const TempFolder folder;
  WriteFile(folder / "mine/notes.txt", "x");
  const Status status = OutputFolder::Open(folder / "mine").status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("notes.txt"));
  EXPECT_TRUE(IsUsageError(OutputFolder::Open(folder / "mine/notes.txt").status()));
  WriteFile(folder / "hidden/.git/config", "x");
  EXPECT_TRUE(IsUsageError(OutputFolder::Open(folder / "hidden").status()));
}

TEST(OutputFolder, ClearDeletesOnlyWhatWasNamed) {
  const TempFolder folder;
  OutputFolder output = MustOpen(folder / "out");
  ASSERT_TRUE(output.Claim(nullptr).ok());
  const std::vector<std::string> names = {"features/part-00000.parquet", "run.json"};
  ASSERT_TRUE(output.NameFiles(names).ok());
  for (const std::string& name : names) WriteFile(folder.path() / "out" / name, "ours");
  WriteFile(folder / "out/features/notes.txt", "theirs");
  WriteFile(folder / "out/_pomona/theirs.txt", "theirs");
  WriteFile(folder / "out/_pomona/shards/00001-0123456789abcdef.arrow", "ours");
  WriteFile(folder / "out/.pomona-123-0.part", "ours, left by a process that was killed");
  ASSERT_TRUE(output.Finish().ok());

  OutputFolder again = MustOpen(folder / "out");
  EXPECT_THAT(again.Clear(nullptr).message(), HasSubstr("another run is writing here"));
  output.Release();
  ASSERT_TRUE(again.Clear(nullptr).ok());
  again.Release();
  std::vector<std::string> left;
  for (const auto& [name, bytes] : Files(folder.path() / "out")) left.push_back(name);
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("features/notes.txt", "_pomona/theirs.txt"));
}

TEST(OutputFolder, TakesUpWhatAProcessKilledAtTheVeryBeginningLeft) {
  const TempFolder folder;
  WriteFile(folder / "out/_pomona/.pomona-123-0.part", "");
  WriteFile(folder / "out/_pomona/lock-0003.json", "{}");
  EXPECT_EQ(MustOpen(folder / "out").state(), State::kNew);
  WriteFile(folder / "out/_pomona/notes.txt", "theirs");
  EXPECT_TRUE(IsUsageError(OutputFolder::Open(folder / "out").status()));
}

TEST(OutputFolder, ABrokenListOfFilesIsNoEnd) {
  for (const char* text : {"", "{\"files\": [\"run.js"}) {
    const TempFolder folder;
    OutputFolder output = MustOpen(folder / "out");
    ASSERT_TRUE(output.Claim(nullptr).ok());
    output.Release();
    for (const char* ours : {"run.json", "features/part-00000.parquet", "features/part-00001-g2.parquet",
                             "model/pipeline.json", "_SUCCESS", "_pomona/options.json"}) {
      WriteFile(folder.path() / "out" / ours, "{}");
    }
    WriteFile(folder / "out/features/notes.txt", "theirs");
    WriteFile(folder / "out/_pomona/files.json", text);
    OutputFolder again = MustOpen(folder / "out");
    EXPECT_EQ(again.state(), State::kFinished);
    const Status cleared = again.Clear(nullptr);
    ASSERT_TRUE(cleared.ok()) << cleared.ToString();
    again.Release();
    std::vector<std::string> left;
    for (const auto& [name, bytes] : Files(folder.path() / "out")) left.push_back(name);
    EXPECT_THAT(left, ::testing::ElementsAre("features/notes.txt"));
  }
}

TEST(OutputFolder, FilesOfAnInterruptedUploadNeverCounted) {
  const TempFolder folder;
  for (const char* name : {"options.json", "plan.json", "current.json", "change.json"}) {
    WriteFile(folder.path() / "out/_pomona" / name, "");
  }
  WriteFile(folder / "out/_pomona/output.json", "{}");
  WriteFile(folder / "out/_pomona/shards/00000.json", "of no plan that is known");
  OutputFolder output = MustOpen(folder / "out");
  EXPECT_TRUE(output.ReadJson(output_names::kOptions).ValueOrDie().is_null());
  ASSERT_TRUE(output.Claim(nullptr).ok());
  EXPECT_TRUE(output.ReadJson(output_names::kPlan).ValueOrDie().is_null());
  EXPECT_FALSE(std::filesystem::exists(folder / "out/_pomona/shards/00000.json"));
  EXPECT_EQ(output.generation().current, 1);
}

TEST(OutputFolder, RemovesNamedFilesOnly) {
  const TempFolder folder;
  OutputFolder output = MustOpen(folder / "out");
  ASSERT_TRUE(output.Claim(nullptr).ok());
  WriteFile(folder / "out/a.csv", "theirs");
  WriteFile(folder / "out/b.csv", "ours");
  ASSERT_TRUE(output.NameFile("b.csv").ok());
  ASSERT_TRUE(output.RemoveFiles(std::vector<std::string>{"a.csv", "b.csv"}).ok());
  EXPECT_TRUE(std::filesystem::exists(folder / "out/a.csv"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/b.csv"));
}

TEST(OutputFolder, MustLieApartFromTheInput) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "in/sub");
  const auto check = [&](const std::string& output, const std::string& input) {
    return MustOpen(output).CheckApartFrom(Location::Parse(input).ValueOrDie(), "INPUT");
  };
  EXPECT_TRUE(check(folder / "out", folder / "in").ok());
  EXPECT_TRUE(check(folder / "in-2", folder / "in").ok());
  for (const auto& [output, input] : std::vector<std::pair<std::string, std::string>>{
           {"in", "in"}, {"in/out", "in"}, {"in/../in/out", "in"}, {"in", "in/sub"}}) {
    std::filesystem::remove_all(folder / "in");
    std::filesystem::create_directories(folder / "other");
    const Status status = check(folder / output, folder / input);
    EXPECT_TRUE(IsUsageError(status)) << output << " " << input;
  }
}

TEST(OutputFolder, SaysWhatCannotBeWritten) {
  const TempFolder folder;
  WriteFile(folder / "file", "x");
  OutputFolder output = MustOpen(folder / "new");
  WriteFile(folder / "new", "a file came between");
  const Status status = output.Claim(nullptr);
  EXPECT_TRUE(status.IsIOError()) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("new"));
}

TEST(OutputFolder, PartNames) {
  EXPECT_EQ(PartName("features", 3), "features/part-00003.parquet");
  EXPECT_EQ(PartName("features", 123456), "features/part-123456.parquet");
}

}  // namespace
}  // namespace pomona
