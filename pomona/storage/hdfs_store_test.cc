#include "pomona/storage/hdfs_store.h"

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <arrow/filesystem/localfs.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/storage/exclusive_write.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/listing.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A local folder with the names and the rename of HDFS; tests/test_hdfs.py has the real one.
class FolderAsHdfs : public HdfsFileSystem {
 public:
  explicit FolderAsHdfs(const fs::path& folder)
      : folder_(folder.string()), inner_(folder_, std::make_shared<arrow::fs::LocalFileSystem>()) {}

  Result<bool> Rename(const std::string& from, const std::string& to, bool replace) override {
    if (replace) return rename((folder_ + from).c_str(), (folder_ + to).c_str()) == 0;
    if (link((folder_ + from).c_str(), (folder_ + to).c_str()) != 0) return false;
    return unlink((folder_ + from).c_str()) == 0;
  }

  using FileSystem::GetFileInfo;
  using FileSystem::OpenOutputStream;
  bool Equals(const FileSystem& other) const override { return this == &other; }
  Result<arrow::fs::FileInfo> GetFileInfo(const std::string& path) override { return inner_.GetFileInfo(path); }
  Result<arrow::fs::FileInfoVector> GetFileInfo(const arrow::fs::FileSelector& selector) override {
    return inner_.GetFileInfo(selector);
  }
  Status CreateDir(const std::string& path, bool recursive) override { return inner_.CreateDir(path, recursive); }
  Status DeleteDir(const std::string& path) override { return inner_.DeleteDir(path); }
  Status DeleteDirContents(const std::string& path, bool missing_is_ok) override {
    return inner_.DeleteDirContents(path, missing_is_ok);
  }
  Status DeleteRootDirContents() override { return inner_.DeleteRootDirContents(); }
  Status DeleteFile(const std::string& path) override { return inner_.DeleteFile(path); }
  Status Move(const std::string& from, const std::string& to) override { return inner_.Move(from, to); }
  Status CopyFile(const std::string& from, const std::string& to) override { return inner_.CopyFile(from, to); }
  Result<std::shared_ptr<arrow::io::InputStream>> OpenInputStream(const std::string& path) override {
    return inner_.OpenInputStream(path);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const std::string& path) override {
    return inner_.OpenInputFile(path);
  }
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutputStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) override {
    return inner_.OpenOutputStream(path, metadata);
  }
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenAppendStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) override {
    return inner_.OpenAppendStream(path, metadata);
  }

 private:
  std::string folder_;
  arrow::fs::SubTreeFileSystem inner_;
};

class HdfsStore : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("pomona-hdfs-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    SetHdfsOpener([this](const std::string& uri, std::string* path) -> Result<std::shared_ptr<HdfsFileSystem>> {
      opened_ = uri;
      *path = "/data";
      return std::make_shared<FolderAsHdfs>(folder_);
    });
    root_ = Location::Parse("hdfs://namenode:9000/data").ValueOrDie();
  }

  void TearDown() override {
    SetHdfsOpener(nullptr);
    fs::remove_all(folder_);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const ListedFile& file : ListFiles(root_, {.include_skipped = true}).ValueOrDie().files) {
      names.push_back(file.path);
    }
    return names;
  }

  fs::path folder_;
  std::string opened_;
  Location root_;
};

TEST_F(HdfsStore, IsReachedByTheOpenerThatWasSet) {
  EXPECT_EQ(opened_, "hdfs://namenode:9000/data");
  EXPECT_EQ(HdfsOf(root_), root_.filesystem.get());
  EXPECT_EQ(root_.display, "hdfs://namenode:9000/data");
}

TEST_F(HdfsStore, FilesAppearWhole) {
  const Location place = root_.Child("a/b");
  const auto write = [&](const std::string& bytes) {
    const auto output = OpenAtomicOutput(place).ValueOrDie();
    ASSERT_TRUE(output->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())).ok());
    EXPECT_NE(KindOfPlace(place).ValueOrDie() == PlaceKind::kMissing ? "" : ReadText(place).ValueOrDie(), bytes);
    ASSERT_TRUE(output->Close().ok());
    EXPECT_EQ(ReadText(place).ValueOrDie(), bytes);
  };
  write("first and longer");
  write("second");
  EXPECT_THAT(Names(), testing::ElementsAre("a/b"));
}

TEST_F(HdfsStore, StreamsThatAreNotClosedLeaveNothing) {
  {
    const auto dropped = OpenAtomicOutput(root_.Child("x")).ValueOrDie();
    ASSERT_TRUE(dropped->Write("abc", 3).ok());
  }
  EXPECT_TRUE(Names().empty());
}

TEST_F(HdfsStore, OneOfManyExclusiveWritersWins) {
  const Location place = root_.Child("record");
  EXPECT_EQ(ExclusiveGuaranteeOf(place), ExclusiveGuarantee::kAtomic);
  std::atomic<int> won = 0;
  std::vector<std::thread> writers;
  writers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back(
        [&, i] { won += WriteExclusively(place, "writer " + std::to_string(i)).ValueOrDie() ? 1 : 0; });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_THAT(Names(), testing::ElementsAre("record"));
}

TEST_F(HdfsStore, SaysWhatToInstallWithoutAClient) {
  SetHdfsOpener(nullptr);
  std::string path;
  const Status status = OpenHdfs("hdfs://127.0.0.1:1/raw", &path).status();
  ASSERT_TRUE(status.IsIOError()) << status.ToString();
  for (const char* name :
       {"JAVA_HOME", "libhdfs.so", "`hadoop classpath --glob`", "spark.executorEnv", "pip install hdfs-native"}) {
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
  EXPECT_THAT(status.message(), Not(HasSubstr("dlopen")));
}

}  // namespace
}  // namespace pomona
