#include "pomona/pipeline/input_names.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

/// Which of these paths, all of them their rows' own, are left.
std::vector<std::string> Left(const std::vector<std::string>& paths, InputNames* names) {
  ManifestRows rows("");
  for (const std::string& path : paths) {
    names->AddOwnPath(rows.size(), path);
    rows.AddRow({path, "x.tar", "", 1, 0, {}, 0});
  }
  names->LeaveOutSkipped(&rows);
  std::vector<std::string> left;
  for (std::int64_t i = 0; i < rows.size(); ++i) left.emplace_back(rows.row(i).path);
  return left;
}

TEST(InputNames, CountsWhatItLeavesOut) {
  InputNames names(false);
  EXPECT_TRUE(names.Takes("_x/_DSC1.jpg"));
  EXPECT_FALSE(names.Takes("_x/._DSC1.jpg"));
  SkippedFiles listed;
  listed.Add(SkipReason::kHidden, 5);
  names.AddSkipped(listed);
  EXPECT_EQ(names.skipped().ToJson().dump(), R"({"hidden":5,"macos":1})");
  InputNames all(true);
  EXPECT_TRUE(all.Takes("_x/._DSC1.jpg"));
  EXPECT_EQ(all.skipped().total(), 0);
}

TEST(InputNames, OwnPathsAreJudgedBelowTheFolderThatTheyHaveInCommon) {
  InputNames names(false);
  EXPECT_THAT(Left({"/home/u/.cache/p/Kiwi/1.jpg", "/home/u/.cache/p/_Kiwi/2.jpg", "/home/u/.cache/p/.x/3.jpg",
                    "/home/u/.cache/p/Kiwi/._1.jpg"},
                   &names),
              ElementsAre("/home/u/.cache/p/Kiwi/1.jpg", "/home/u/.cache/p/_Kiwi/2.jpg"));
  EXPECT_EQ(names.skipped().ToJson().dump(), R"({"hidden":1,"macos":1})");
}

TEST(InputNames, WhatTheFolderInCommonIs) {
  const std::vector<std::vector<std::string>> taken = {
      {".x/1.jpg"},
      {".x/a/1.jpg", ".x/b/2.jpg"},
      {".x/1.jpg", ".x/b/2.jpg"},
      {"s3://one/a/1.jpg", "s3://two/a/2.jpg"},
      {"s3://one/.a/1.jpg", "s3://one/.a/2.jpg"},
      {"1.jpg", "2.jpg"},
      {"a/b", "a/b/c"},
      {"a/b/c", "a/b"},
      {},
  };
  for (const std::vector<std::string>& paths : taken) {
    InputNames names(false);
    EXPECT_THAT(Left(paths, &names), ElementsAreArray(paths));
    EXPECT_EQ(names.skipped().total(), 0);
  }
  for (const char* other : {"1.jpg", "/1.jpg", "a/1.jpg", ".xy/1.jpg", ".x"}) {
    InputNames names(false);
    Left({".x/1.jpg", other}, &names);
    EXPECT_GE(names.skipped().of(SkipReason::kHidden), 1) << other;
  }
}

TEST(InputNames, RowsWithoutPathsOfTheirOwnStay) {
  InputNames names(false);
  ManifestRows rows("");
  const auto add = [&](const char* path, bool own) {
    if (own) names.AddOwnPath(rows.size(), path);
    rows.AddRow({path, "x.tar", "", 1, 0, {}, 0});
  };
  add(".input/1.jpg", false);
  add("a/.1.jpg", true);
  add("a/2.jpg", true);
  add(".input/2.jpg", false);
  add("b/._3.jpg", true);
  add("b/3.jpg", true);
  names.LeaveOutSkipped(&rows);
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows.row(0).path, ".input/1.jpg");
  EXPECT_EQ(rows.row(1).path, "a/2.jpg");
  EXPECT_EQ(rows.row(2).path, ".input/2.jpg");
  EXPECT_EQ(rows.row(3).path, "b/3.jpg");
}

TEST(InputNames, TakesAllWhereAsked) {
  InputNames names(true);
  EXPECT_EQ(Left({"a/.1.jpg", "_pomona/2.jpg", "3.jpg"}, &names).size(), 3U);
  EXPECT_EQ(names.skipped().total(), 0);
}

}  // namespace
}  // namespace pomona
