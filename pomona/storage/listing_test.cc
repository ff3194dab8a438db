#include "pomona/storage/listing.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <arrow/filesystem/mockfs.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ListFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("pomona_listing_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& relative, std::string_view content = "x") const {
    const fs::path path = folder_ / relative;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }

  Listing List(const ListingOptions& options = {}) const {
    Result<Listing> listing = ListFiles(*Location::Parse(folder_.native()), options);
    EXPECT_TRUE(listing.ok()) << listing.status().ToString();
    return listing.ok() ? *std::move(listing) : Listing{};
  }

  static std::vector<std::string> Paths(const Listing& listing) {
    std::vector<std::string> paths;
    for (const ListedFile& file : listing.files) paths.push_back(file.path);
    return paths;
  }

  fs::path folder_;
};

TEST_F(ListFilesTest, SortedByBytesWithSizesAndTimes) {
  Write("b/2.jpg", "12345");
  Write("b.jpg");
  Write("a/1.jpg", "");
  Write("a b,c=%41/\xC3\xA9.jpg");
  Write("a/\xFF\n.jpg");
  Write("\xFF/z.jpg");
  const Listing listing = List();
  EXPECT_THAT(Paths(listing),
              ElementsAre("a b,c=%41/\xC3\xA9.jpg", "a/1.jpg", "a/\xFF\n.jpg", "b.jpg", "b/2.jpg", "\xFF/z.jpg"));
  EXPECT_EQ(listing.files[4].size, 5);
  EXPECT_EQ(listing.files[1].size, 0);
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "b/2.jpg").c_str(), &info), 0);
  EXPECT_EQ(listing.files[4].mtime_ns, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
  EXPECT_THAT(listing.warnings, IsEmpty());
}

TEST_F(ListFilesTest, SkippedNamesAreCountedUnlessAskedFor) {
  for (const char* name : {"_SUCCESS", "_pomona/manifest", "_pomona/shards/1", ".DS_Store", "a/.1.jpg", "a/1_.jpg",
                           "_x/_DSC1.jpg", ".x/a/.y/2.jpg"}) {
    Write(name);
  }
  const Listing listing = List();
  EXPECT_THAT(Paths(listing), ElementsAre("_x/_DSC1.jpg", "a/1_.jpg"));
  EXPECT_EQ(listing.skipped.ToJson().dump(), R"({"hidden":2,"hadoop":1,"macos":1,"pomona":2})");
  const Listing all = List({.include_skipped = true});
  EXPECT_EQ(all.files.size(), 8U);
  EXPECT_EQ(all.skipped.total(), 0);
  EXPECT_EQ(List({.recursive = false}).skipped.total(), 2);
}

TEST_F(ListFilesTest, AFolderWithASkippedNameIsReadWhenItIsTheInput) {
  Write("a/.b/_pomona/1.jpg");
  for (const char* input : {"a/.b", "a/.b/_pomona"}) {
    const Listing listing = ListFiles(*Location::Parse((folder_ / input).native())).ValueOrDie();
    EXPECT_EQ(listing.files.size() + static_cast<std::size_t>(listing.skipped.total()), 1U);
    EXPECT_EQ(listing.files.size(), std::string_view(input).ends_with("_pomona") ? 1U : 0U);
  }
}

TEST_F(ListFilesTest, LinksAndClosedFoldersAmongSkippedNamesCountAsOneFile) {
  Write("data/1.jpg");
  Write("data/2.jpg");
  Write(".x/closed/1");
  Write(".x/closed/2");
  fs::create_directory_symlink("../..", folder_ / ".x/up");
  fs::create_directory_symlink("../data", folder_ / ".x/data");
  fs::create_directory_symlink("data", folder_ / ".data");
  fs::create_symlink("nowhere", folder_ / "._broken");
  fs::create_symlink("._loop", folder_ / "._loop");
  fs::create_symlink("data/1.jpg", folder_ / ".1.jpg");
  fs::permissions(folder_ / ".x/closed", fs::perms::none);
  const bool may_read_all = access((folder_ / ".x/closed").c_str(), R_OK) == 0;  // root may
  const Listing listing = List();
  fs::permissions(folder_ / ".x/closed", fs::perms::owner_all);
  EXPECT_THAT(Paths(listing), ElementsAre("data/1.jpg", "data/2.jpg"));
  EXPECT_THAT(listing.warnings, IsEmpty());
  EXPECT_EQ(listing.skipped.of(SkipReason::kMacos), 2);
  EXPECT_EQ(listing.skipped.of(SkipReason::kHidden), may_read_all ? 6 : 5);
}

TEST_F(ListFilesTest, FollowsLinksAndRefusesLoops) {
  Write("data/1.jpg");
  fs::create_symlink("data/1.jpg", folder_ / "link.jpg");
  fs::create_directory_symlink("data", folder_ / "linked");
  fs::create_directory_symlink("..", folder_ / "data/up");
  fs::create_symlink("itself", folder_ / "itself");
  fs::create_symlink("nowhere", folder_ / "broken.jpg");
  const Listing listing = List();
  EXPECT_THAT(Paths(listing), ElementsAre("broken.jpg", "data/1.jpg", "link.jpg", "linked/1.jpg"));
  EXPECT_EQ(listing.files[0].size, -1);
  EXPECT_EQ(listing.files[2].size, 1);
  ASSERT_EQ(listing.warnings.size(), 3U);
  std::string all;
  for (const std::string& warning : listing.warnings) all += warning + "\n";
  EXPECT_THAT(all, HasSubstr((folder_ / "data/up").native()));
  EXPECT_THAT(all, HasSubstr((folder_ / "linked/up").native()));
  EXPECT_THAT(all, HasSubstr((folder_ / "itself").native()));
}

TEST_F(ListFilesTest, NamesUnreadableFoldersAndSpecialFiles) {
  Write("a/1.jpg");
  Write("closed/2.jpg");
  for (int i = 0; i < 13; ++i) ASSERT_EQ(mkfifo((folder_ / ("pipe" + std::to_string(i))).c_str(), 0600), 0);
  fs::permissions(folder_ / "closed", fs::perms::none);
  const bool may_read_all = access((folder_ / "closed").c_str(), R_OK) == 0;  // root may
  const Listing listing = List();
  fs::permissions(folder_ / "closed", fs::perms::owner_all);
  EXPECT_EQ(listing.files.size(), may_read_all ? 2U : 1U);
  EXPECT_EQ(listing.warnings.size(), may_read_all ? 11U : 12U);
  EXPECT_THAT(listing.warnings.back(), HasSubstr("3 more special files"));
}

TEST_F(ListFilesTest, NoFolder) {
  Write("file");
  const Status missing = ListFiles(*Location::Parse((folder_ / "missing").native())).status();
  EXPECT_TRUE(IsUsageError(missing));
  EXPECT_THAT(missing.message(), HasSubstr("no such folder"));
  EXPECT_TRUE(IsUsageError(ListFiles(*Location::Parse((folder_ / "file").native())).status()));
  EXPECT_THAT(List().files.size(), 1U);
}

TEST_F(ListFilesTest, EmptyFolderLimitAndCancellation) {
  EXPECT_THAT(List().files, IsEmpty());
  Write("1");
  Write("a/2");
  Write("a/3");
  EXPECT_EQ(List({.max_files = 2}).files.size(), 2U);
  EXPECT_THAT(Paths(List({.recursive = false})), ElementsAre("1"));
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_TRUE(ListFiles(*Location::Parse(folder_.native()), {}, &cancellation).status().IsCancelled());
}

TEST_F(ListFilesTest, ManyFilesInOneFolder) {
  constexpr int kCount = 100'000;
  fs::create_directories(folder_ / "all");
  for (int i = 0; i < kCount; ++i) {
    const int fd = creat((folder_ / "all" / std::to_string(i)).c_str(), 0600);
    ASSERT_GE(fd, 0);
    close(fd);
  }
  const Listing listing = List();
  EXPECT_EQ(listing.files.size(), static_cast<std::size_t>(kCount));
  EXPECT_TRUE(std::is_sorted(listing.files.begin(), listing.files.end(),
                             [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; }));
}

TEST(ListFilesOfStore, SameRulesAsLocal) {
  // Arrow's in-memory store stands for the remote ones, which share the code.
  auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::TimePoint(std::chrono::seconds(5)));
  ASSERT_TRUE(store->CreateFile("bucket/raw/b/2.jpg", "12345").ok());
  ASSERT_TRUE(store->CreateFile("bucket/raw/a/1%41 \xC3\xA9.jpg", "").ok());
  ASSERT_TRUE(store->CreateFile("bucket/raw/_pomona/plan.json", "").ok());
  ASSERT_TRUE(store->CreateFile("bucket/raw/_pomona/shards/.1", "").ok());
  ASSERT_TRUE(store->CreateFile("bucket/rawest/3.jpg", "").ok());
  const Location root{store, "bucket/raw", "mock://bucket/raw"};
  Result<Listing> listing = ListFiles(root);
  ASSERT_TRUE(listing.ok()) << listing.status().ToString();
  ASSERT_EQ(listing->files.size(), 2U);
  EXPECT_EQ(listing->files[0].path, "a/1%41 \xC3\xA9.jpg");
  EXPECT_EQ(listing->files[1].path, "b/2.jpg");
  EXPECT_EQ(listing->files[1].size, 5);
  EXPECT_EQ(listing->files[1].mtime_ns, 5'000'000'000);
  EXPECT_EQ(listing->skipped.ToJson().dump(), R"({"pomona":2})");
  EXPECT_TRUE(IsUsageError(ListFiles({store, "bucket/none", "mock://bucket/none"}).status()));
}

}  // namespace
}  // namespace pomona
