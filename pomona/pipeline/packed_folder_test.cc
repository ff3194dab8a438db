#include "pomona/pipeline/packed_folder.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

constexpr const char* kPack = R"({"command": "pack", "options": {"input": "photos"}})";
constexpr const char* kRun = R"({"files": ["_SUCCESS", "pack-00000.tar", "quarantine.parquet", "run.json"]})";

class PackedFolderTest : public testing::Test {
 protected:
  /// What is left of some files below the root.
  std::vector<std::string> Left(const std::vector<std::string>& names) {
    std::vector<ListedFile> files;
    for (const std::string& name : names) files.push_back({name, 1, 1, ""});
    status_ = CheckPackedFolders(Location::Parse(folder_ / "in").ValueOrDie(), &files);
    std::vector<std::string> left;
    for (const ListedFile& file : files) left.push_back(file.path);
    return left;
  }
  void Write(const std::string& name, std::string_view text) { WriteFile(folder_.path() / "in" / name, text); }

  TempFolder folder_;
  Status status_;
};

TEST_F(PackedFolderTest, RecordsOfAClosedOneAreNoInput) {
  for (const std::string at : {"", "a/b/"}) {
    Write(at + "_pomona/options.json", kPack);
    Write(at + "run.json", kRun);
    Write(at + "_SUCCESS", "");
  }
  EXPECT_THAT(Left({"_SUCCESS", "_pomona/shards/00000.json", "pack-00000.tar", "quarantine.parquet", "run.json",
                    "a/b/_pomona/plan.json", "a/b/pack-00000.tar", "a/b/quarantine.parquet", "a/b/run.json",
                    "c/_pomona/plan.json", "c/run.json", "c/quarantine.parquet", "other.tar"}),
              ElementsAre("pack-00000.tar", "a/b/pack-00000.tar", "c/_pomona/plan.json", "c/run.json",
                          "c/quarantine.parquet", "other.tar"));
  EXPECT_TRUE(status_.ok()) << status_.ToString();
}

TEST_F(PackedFolderTest, OneWithoutItsClosingRecordIsRefusedByName) {
  Write("a/_pomona/options.json", kPack);
  Write("a/run.json", kRun);
  Left({"a/pack-00000.tar"});
  EXPECT_TRUE(IsUsageError(status_));
  EXPECT_THAT(status_.message(), HasSubstr("in/a is not finished: it has no _SUCCESS"));
  EXPECT_THAT(status_.message(), HasSubstr("`pomona pack photos --output " + (folder_ / "in/a") + "`"));
  EXPECT_TRUE(IsUsageError(CheckPackedFile(Location::Parse(folder_ / "in/a/pack-00000.tar").ValueOrDie())));
  EXPECT_TRUE(CheckPackedFile(Location::Parse(folder_ / "in/a/quarantine.parquet").ValueOrDie()).ok());
}

TEST_F(PackedFolderTest, OneInWhichNothingIsYetIsRefusedAsWell) {
  Write("_pomona/options.json", kPack);
  Left({});
  EXPECT_TRUE(IsUsageError(status_));
}

TEST_F(PackedFolderTest, AShardThatIsGoneIsNamed) {
  Write("_pomona/options.json", kPack);
  Write("run.json", kRun);
  Write("_SUCCESS", "");
  Left({"run.json", "quarantine.parquet"});
  EXPECT_TRUE(IsUsageError(status_));
  EXPECT_THAT(status_.message(), HasSubstr("lacks pack-00000.tar"));
  for (const char* broken : {"", "{", "{}", R"({"files": 3})"}) {
    Write("run.json", broken);
    Left({"run.json", "pack-00000.tar"});
    EXPECT_THAT(status_.message(), HasSubstr("has lost its run.json"));
  }
}

TEST_F(PackedFolderTest, FoldersOfOthersStayAsTheyAre) {
  for (const char* options : {"", "[1]", "null", "{}", R"({"command": 3})", R"({"command": "run"})"}) {
    Write("_pomona/options.json", options);
    EXPECT_THAT(Left({"pack-00000.tar", "run.json"}), ElementsAre("pack-00000.tar", "run.json"));
    EXPECT_TRUE(status_.ok()) << status_.ToString();
  }
}

}  // namespace
}  // namespace pomona
