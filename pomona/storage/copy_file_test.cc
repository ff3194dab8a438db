#include "pomona/storage/copy_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <arrow/filesystem/mockfs.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

class CopyFileTest : public ::testing::Test {
 protected:
  CopyFileTest() : folder_(fs::temp_directory_path() / ("pomona-copy-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~CopyFileTest() override { fs::remove_all(folder_); }

  Location Place(const char* name) const { return Location::Parse((folder_ / name).string()).ValueOrDie(); }

  fs::path folder_;
};

TEST_F(CopyFileTest, ReplacesWhatIsThereAndLeavesNothingElse) {
  ASSERT_TRUE(WriteAtomically(Place("a"), "new").ok());
  ASSERT_TRUE(WriteAtomically(Place("below/b"), "old").ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(CopyFile(Place("a"), Place("below/b")).ok());
  EXPECT_EQ(ReadText(Place("below/b")).ValueOrDie(), "new");
  ASSERT_TRUE(WriteAtomically(Place("a"), "newer").ok());
  EXPECT_EQ(ReadText(Place("below/b")).ValueOrDie(), "new") << "writing one name leaves the other alone";
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(folder_), fs::recursive_directory_iterator()), 3);
}

TEST_F(CopyFileTest, SaysWhatIsMissing) {
  const Status status = CopyFile(Place("none"), Place("b"));
  EXPECT_TRUE(status.IsIOError());
  EXPECT_NE(status.message().find("none"), std::string::npos) << status.message();
  EXPECT_FALSE(fs::exists(folder_ / "b"));
}

TEST(CopyFile, AsksTheStore) {
  const auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::TimePoint{});
  const Location from{store, "bucket/a", "mock://bucket/a"};
  const Location to{store, "bucket/below/b", "mock://bucket/below/b"};
  ASSERT_TRUE(WriteAtomically(from, "bytes").ok());
  ASSERT_TRUE(CopyFile(from, to).ok());
  EXPECT_EQ(ReadText(to).ValueOrDie(), "bytes");
  EXPECT_TRUE(CopyFile(from.Parent().Child("none"), to).IsIOError());
}

}  // namespace
}  // namespace pomona
