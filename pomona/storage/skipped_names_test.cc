#include "pomona/storage/skipped_names.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

/// The reason's name, or "" where the file is taken.
std::string Why(std::string_view path) {
  const std::optional<SkipReason> reason = WhySkipped(path);
  return reason ? std::string(SkipReasonName(*reason)) : std::string();
}

TEST(SkippedNames, CamerasAndClassesBeginWithAnUnderscore) {
  for (const char* path : {"_DSC0001.JPG",
                           "Kiwi/_MG_0001.JPG",
                           "_unknown_/a.jpg",
                           "_/1.jpg",
                           "__/1.jpg",
                           "_x/_y/_z.jpg",
                           "_SUCCESS.jpg",
                           "_success",
                           "_metadata.json",
                           "_annotations.coco.json",
                           "Pomona/1.jpg",
                           "a/__macosx/1.jpg",
                           "Thumbs.db.jpg",
                           "$folder$",
                           "a_$folder$/1.jpg",
                           "./a.jpg",
                           "a/../b.jpg",
                           "../b.jpg",
                           "a//b.jpg",
                           "1.crc",
                           ""}) {
    EXPECT_EQ(Why(path), "") << path;
  }
}

TEST(SkippedNames, KnownNamesAreSkippedWhereverTheyStand) {
  const std::vector<std::pair<const char*, const char*>> known = {
      {"_SUCCESS", "hadoop"},          {"_metadata", "hadoop"},
      {"_common_metadata", "hadoop"},  {"_temporary/0/1.jpg", "hadoop"},
      {"Kiwi_$folder$", "hadoop"},     {"_$folder$", "hadoop"},
      {"._SUCCESS.crc", "hadoop"},     {".part-0.parquet.crc", "hadoop"},
      {"_pomona/plan.json", "pomona"}, {"__MACOSX/Kiwi/1.jpg", "macos"},
      {".DS_Store", "macos"},          {"._1.jpg", "macos"},
      {"._Kiwi/1.jpg", "macos"},       {".ipynb_checkpoints/1-checkpoint.jpg", "jupyter"},
      {"Thumbs.db", "windows"},        {"thumbs.DB", "windows"},
      {"Desktop.ini", "windows"},      {".hidden.jpg", "hidden"},
      {".git/objects/1", "hidden"},    {"...", "hidden"},
  };
  for (const auto& [path, reason] : known) {
    EXPECT_EQ(Why(path), reason) << path;
    EXPECT_EQ(Why("a/b/" + std::string(path)), reason) << path;
  }
}

TEST(SkippedNames, FilesAreNotFoldersAndTheFirstReasonDecides) {
  for (const char* name : {"_SUCCESS", "_metadata", "_common_metadata", "Thumbs.db", "desktop.ini", "a_$folder$"}) {
    EXPECT_TRUE(WhySkippedFile(name)) << name;
    EXPECT_FALSE(WhySkippedFolder(name)) << name;
  }
  for (const char* name : {"_temporary", "_pomona", "__MACOSX"}) {
    EXPECT_FALSE(WhySkippedFile(name)) << name;
    EXPECT_TRUE(WhySkippedFolder(name)) << name;
  }
  EXPECT_EQ(Why("_pomona/.1.jpg"), "pomona");
  EXPECT_EQ(Why(".x/_SUCCESS"), "hidden");
  EXPECT_EQ(Why("__MACOSX/a/._1.jpg"), "macos");
}

TEST(SkippedFiles, CountByReason) {
  SkippedFiles files;
  EXPECT_EQ(files.ToJson(), Json::object());
  files.Add(SkipReason::kWindows);
  files.Add(SkipReason::kHidden, 12);
  SkippedFiles more;
  more.Add(SkipReason::kWindows, 2);
  files += more;
  EXPECT_EQ(files.total(), 15);
  EXPECT_EQ(files.of(SkipReason::kWindows), 3);
  EXPECT_EQ(files.ToJson().dump(), R"({"hidden":12,"windows":3})");
  EXPECT_EQ(SkippedFiles::FromJson(files.ToJson()), files);
  EXPECT_EQ(SkippedFiles::FromJson(Json::parse(R"({"windows": 3, "hidden": 12, "later": 5})")), files);
  EXPECT_EQ(SkippedFiles::FromJson(Json()), SkippedFiles());
}

}  // namespace
}  // namespace pomona
