#include "pomona/storage/arrow_file.h"

#include <memory>
#include <string>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/filesystem/mockfs.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"

namespace pomona {
namespace {

/// A store of Azure's kind; every other file that it opens can only fail.
class Brittle : public arrow::fs::internal::MockFileSystem {
 public:
  explicit Brittle(std::string bytes) : MockFileSystem(arrow::fs::kNoTime), bytes_(std::move(bytes)) {}
  std::string type_name() const override { return "abfs"; }
  using arrow::fs::FileSystem::OpenInputFile;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const std::string&) override {
    ++opened;
    return std::make_shared<File>(bytes_, opened % 2 == 1);
  }

  int opened = 0;
  void Replace(std::string bytes) { bytes_ = std::move(bytes); }

 private:
  class File : public arrow::io::RandomAccessFile {
   public:
    File(std::string bytes, bool broken) : bytes_(std::move(bytes)), broken_(broken) {}
    Status Close() override { return Status::OK(); }
    bool closed() const override { return false; }
    Result<std::int64_t> Tell() const override { return 0; }
    Status Seek(std::int64_t) override { return Status::OK(); }
    Result<std::int64_t> GetSize() override { return static_cast<std::int64_t>(bytes_.size()); }
    Result<std::int64_t> Read(std::int64_t count, void* out) override {
      if (broken_) return Status::Invalid("Cannot read from closed file");
      return static_cast<std::int64_t>(bytes_.copy(static_cast<char*>(out), static_cast<std::size_t>(count)));
    }
    Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t) override { return Status::Invalid("not asked for"); }
    Result<std::int64_t> ReadAt(std::int64_t place, std::int64_t count, void* out) override {
      if (broken_) return Status::Invalid("Cannot read from closed file");
      return static_cast<std::int64_t>(
          bytes_.copy(static_cast<char*>(out), static_cast<std::size_t>(count), static_cast<std::size_t>(place)));
    }

   private:
    std::string bytes_;
    bool broken_;
  };

  std::string bytes_;
};

TEST(ArrowFile, ReadsOnAfterErrorsAndNeverFromAnotherObject) {
  const auto store = std::make_shared<Brittle>("some bytes");
  const Location place{store, "bucket/file", "abfs://bucket/file", nullptr};
  const auto file = OpenArrowFile(place, {}).ValueOrDie();
  EXPECT_EQ(file->ReadAt(5, 100).ValueOrDie()->ToString(), "bytes");
  EXPECT_GT(store->opened, 1);
  ASSERT_TRUE(file->Seek(2).ok());
  EXPECT_EQ(file->Read(2).ValueOrDie()->ToString(), "me");
  EXPECT_EQ(file->Tell().ValueOrDie(), 4);
  store->Replace("others, and more");
  EXPECT_EQ(FailureCodeOf(file->ReadAt(0, 4).status()), FailureCode::kChanged);
}

}  // namespace
}  // namespace pomona
