#include "pomona/storage/file_io.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <arrow/filesystem/mockfs.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class FileIoTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("pomona_file_io_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    root_ = *Location::Parse(folder_.native());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t FilesIn(const fs::path& folder) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  fs::path folder_;
  Location root_;
};

TEST(ByteBuffer, KeepsBytesAndMemory) {
  ByteBuffer buffer;
  EXPECT_EQ(buffer.text(), "");
  buffer.Resize(3);
  std::copy_n("abc", 3, buffer.data());
  buffer.Resize(100);
  EXPECT_EQ(buffer.text().substr(0, 3), "abc");
  const std::size_t capacity = buffer.capacity();
  buffer.Resize(2);
  EXPECT_EQ(buffer.text(), "ab");
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(buffer.bytes().size(), 2U);
}

TEST_F(FileIoTest, WritesAndReadsBackAnyName) {
  ByteBuffer bytes;
  for (const std::string& name :
       {std::string("plain"), std::string("a b%20,=\n"), std::string("\xFF\xE9"), std::string("x:y")}) {
    const std::string content = "content of " + name + std::string(100'000, '\0');
    const Location place = root_.Child("new/folder/" + name);
    ASSERT_TRUE(WriteAtomically(place, content).ok()) << name;
    ASSERT_TRUE(ReadAll(place, &bytes).ok());
    EXPECT_EQ(bytes.text(), content);
    EXPECT_EQ(*ReadText(place), content);
    EXPECT_EQ(*KindOfPlace(place), PlaceKind::kFile);
    ASSERT_TRUE(OpenInputFile(place).ok());
    EXPECT_EQ(*(*OpenInputFile(place))->GetSize(), static_cast<std::int64_t>(content.size()));
  }
  EXPECT_EQ(FilesIn(folder_ / "new/folder"), 4U);  // nothing temporary is left
  ASSERT_TRUE(WriteAtomically(root_.Child("empty"), "").ok());
  ASSERT_TRUE(ReadAll(root_.Child("empty"), &bytes).ok());
  EXPECT_EQ(bytes.size(), 0U);
  // The file's mode obeys the umask, as for any other program.
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "empty").c_str(), &info), 0);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(info.st_mode & 0777, 0666 & ~mask);
}

TEST_F(FileIoTest, ReadErrorsNamePlaceAndReason) {
  ByteBuffer bytes;
  EXPECT_THAT(ReadAll(root_.Child("none.jpg"), &bytes).message(),
              AllOf(HasSubstr((folder_ / "none.jpg").native()), HasSubstr("No such file")));
  EXPECT_THAT(ReadAll(root_, &bytes).message(), HasSubstr("is a folder"));
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(ReadAll(root_.Child("pipe"), &bytes).message(), HasSubstr("not a regular file"));
  fs::create_symlink("nowhere", folder_ / "broken.jpg");
  EXPECT_TRUE(ReadAll(root_.Child("broken.jpg"), &bytes).IsIOError());
  EXPECT_THAT(OpenInputFile(root_.Child("none.jpg")).status().message(), HasSubstr("none.jpg"));
  // Size 0 by its status, content nevertheless.
  ASSERT_TRUE(ReadAll(*Location::Parse("/proc/self/status"), &bytes).ok());
  EXPECT_GT(bytes.size(), 100U);
}

TEST_F(FileIoTest, AtomicOutputAppearsOnCloseOnly) {
  const Location place = root_.Child("part-00000.parquet");
  ASSERT_TRUE(WriteAtomically(place, "old").ok());
  {
    const auto output = *OpenAtomicOutput(place);
    ASSERT_TRUE(output->Write("new", 3).ok());
    EXPECT_EQ(*output->Tell(), 3);
    EXPECT_EQ(*ReadText(place), "old");
  }  // destroyed without Close
  EXPECT_EQ(*ReadText(place), "old");
  EXPECT_EQ(FilesIn(folder_), 1U);
  const auto output = *OpenAtomicOutput(place);
  ASSERT_TRUE(output->Write("new", 3).ok());
  ASSERT_TRUE(output->Close().ok());
  ASSERT_TRUE(output->Close().ok());
  EXPECT_TRUE(output->closed());
  EXPECT_FALSE(output->Write("x", 1).ok());
  EXPECT_EQ(*ReadText(place), "new");
  EXPECT_EQ(FilesIn(folder_), 1U);
}

TEST_F(FileIoTest, WriteErrorsNameThePlace) {
  ASSERT_TRUE(WriteAtomically(root_.Child("file"), "x").ok());
  EXPECT_THAT(WriteAtomically(root_.Child("file/below"), "x").message(), HasSubstr((folder_ / "file").native()));
  fs::create_directories(folder_ / "folder/x");
  EXPECT_THAT(WriteAtomically(root_.Child("folder"), "x").message(), HasSubstr("cannot be given its name"));
  EXPECT_EQ(FilesIn(folder_), 2U);
}

TEST_F(FileIoTest, OfManyExclusiveWritersOneWins) {
  const Location place = root_.Child("lock");
  std::vector<std::thread> threads;
  std::vector<int> won(8);
  for (std::size_t i = 0; i < won.size(); ++i) {
    threads.emplace_back([&, i] {
      const Result<bool> wrote = WriteExclusively(place, "writer " + std::to_string(i));
      won[i] = wrote.ok() ? static_cast<int>(*wrote) : -1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(won.begin(), won.end(), 1), 1);
  EXPECT_EQ(std::count(won.begin(), won.end(), 0), 7);
  const auto winner = std::find(won.begin(), won.end(), 1) - won.begin();
  EXPECT_EQ(*ReadText(place), "writer " + std::to_string(winner));
  EXPECT_EQ(FilesIn(folder_), 1U);
}

TEST_F(FileIoTest, ProcessesOfOneNumberShareNoUnfinishedFiles) {
  // Containers on one volume: each may be process 1, and have written as often.
  std::vector<fs::path> others;
  for (int i = 0; i < 200; ++i) {
    others.push_back(folder_ / (".pomona-" + std::to_string(getpid()) + "-" + std::to_string(i) + ".part"));
    std::ofstream(others.back()) << "another's";
  }
  ASSERT_TRUE(WriteAtomically(root_.Child("mine"), "mine").ok());
  EXPECT_TRUE(WriteExclusively(root_.Child("lock"), "mine").ValueOrDie());
  for (const fs::path& other : others) EXPECT_EQ(*ReadText(root_.Child(other.filename().native())), "another's");
}

TEST_F(FileIoTest, AnExclusiveWriteWhoseFileIsTakenForALeftoverBeginsAgain) {
  std::jthread sweep([&](const std::stop_token& stop) {
    for (bool removed = false; !removed && !stop.stop_requested();) {
      std::error_code error;
      for (const fs::directory_entry& file : fs::directory_iterator(folder_)) {
        if (file.path().extension() == ".part") removed = fs::remove(file.path(), error) || removed;
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    const Result<bool> wrote = WriteExclusively(root_.Child(std::to_string(i)), "mine");
    ASSERT_TRUE(wrote.ok()) << wrote.status().ToString();
    EXPECT_TRUE(*wrote);
  }
}

TEST_F(FileIoTest, RemoveAndFolders) {
  EXPECT_TRUE(RemoveFile(root_.Child("none")).ok());
  EXPECT_EQ(*KindOfPlace(root_.Child("none")), PlaceKind::kMissing);
  ASSERT_TRUE(MakeFolders(root_.Child("a/b")).ok());
  ASSERT_TRUE(MakeFolders(root_.Child("a/b")).ok());
  EXPECT_EQ(*KindOfPlace(root_.Child("a/b")), PlaceKind::kFolder);
  ASSERT_TRUE(WriteAtomically(root_.Child("a/b/c"), "x").ok());
  EXPECT_TRUE(RemoveFolderIfEmpty(root_.Child("a/b")).ok());
  EXPECT_EQ(*KindOfPlace(root_.Child("a/b")), PlaceKind::kFolder);
  EXPECT_FALSE(RemoveFile(root_.Child("a/b")).ok());
  EXPECT_TRUE(RemoveFile(root_.Child("a/b/c")).ok());
  EXPECT_TRUE(RemoveFolderIfEmpty(root_.Child("a/b")).ok());
  EXPECT_TRUE(RemoveFolderIfEmpty(root_.Child("a/b")).ok());
  EXPECT_EQ(*KindOfPlace(root_.Child("a/b")), PlaceKind::kMissing);
}

TEST(FileIoOfStore, SameBehaviour) {
  auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::kNoTime);
  const Location place{store, "bucket/out/file", "mock://bucket/out/file"};
  ASSERT_TRUE(WriteAtomically(place, "content").ok());
  EXPECT_EQ(*ReadText(place), "content");
  EXPECT_EQ(*KindOfPlace(place), PlaceKind::kFile);
  EXPECT_EQ(*KindOfPlace(place.Parent()), PlaceKind::kFolder);
  EXPECT_FALSE(WriteExclusively(place, "x").ValueOrDie());
  {
    const auto output = *OpenAtomicOutput({store, "bucket/out/dropped", "mock://bucket/out/dropped"});
    ASSERT_TRUE(output->Write("x", 1).ok());
  }
  EXPECT_NE(ReadText({store, "bucket/out/dropped", "mock://bucket/out/dropped"}).ValueOr(""), "x");
  EXPECT_TRUE(RemoveFolderIfEmpty(place.Parent()).ok());
  EXPECT_TRUE(RemoveFile(place).ok());
  EXPECT_TRUE(RemoveFile(place).ok());
  EXPECT_THAT(ReadText(place).status().message(), HasSubstr("mock://bucket/out/file"));
}

}  // namespace
}  // namespace pomona
