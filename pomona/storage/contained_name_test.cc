#include "pomona/storage/contained_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ContainedName, TakesNamesBelowTheFolder) {
  for (const char* name : {"run.json", "features/part-00000.parquet", "_pomona/generation-2/run.json", "..a", "a..",
                           "a/...", "ä ö", "a:b"}) {
    const Result<ContainedName> made = ContainedName::Make(name, "files.json");
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->text(), name);
  }
}

TEST(ContainedName, RefusesWhatCouldLeadOutside) {
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("/etc/passwd"), std::string(".."), std::string("../x"),
        std::string("a/../../x"), std::string("a/.."), std::string("a//b"), std::string("./a"), std::string("a/."),
        std::string("a/"), std::string("a\\..\\b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\x1b[2J")}) {
    const Status status = ContainedName::Make(name, "files.json").status();
    EXPECT_TRUE(status.IsIOError()) << name;
    EXPECT_THAT(status.message(), HasSubstr("files.json names \""));
    EXPECT_THAT(status.message(), Not(HasSubstr("\x1b"))) << "it is shown escaped";
  }
}

TEST(ContainedName, OneBadNameSpoilsTheList) {
  EXPECT_THAT(*ContainedNames({{"files", {"a", "b/c"}}}, "files", "run.json"), ElementsAre("a", "b/c"));
  EXPECT_TRUE(ContainedNames({{"files", {"a", "../c"}}}, "files", "run.json").status().IsIOError());
  EXPECT_TRUE(ContainedNames({{"files", {1}}}, "files", "run.json").status().IsInvalid());
  EXPECT_TRUE(ContainedNames(Json::object(), "files", "run.json").status().IsInvalid());
}

}  // namespace
}  // namespace pomona
