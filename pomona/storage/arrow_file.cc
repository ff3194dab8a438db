#include "pomona/storage/arrow_file.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <arrow/buffer.h>

#include "pomona/storage/arrow_store.h"
#include "pomona/storage/file_version.h"

namespace pomona {
namespace {

using OpenFile = std::shared_ptr<arrow::io::RandomAccessFile>;

/// Thread safety: `ReadAt` from several threads, as Arrow wants it.
class ArrowFile : public arrow::io::RandomAccessFile {
 public:
  ArrowFile(Location location, OpenFile file, std::int64_t size, std::int64_t mtime_ns)
      : location_(std::move(location)),
        file_(std::move(file)),
        size_(size),
        mtime_ns_(mtime_ns),
        tag_(SizeTag(size, mtime_ns)) {}

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<std::int64_t> Tell() const override { return place_; }
  Status Seek(std::int64_t place) override {
    place_ = place;
    return Status::OK();
  }
  Result<std::int64_t> GetSize() override { return size_; }

  Result<std::int64_t> ReadAt(std::int64_t place, std::int64_t count, void* out) override {
    const std::int64_t size = std::clamp<std::int64_t>(size_ - place, 0, count);
    if (size == 0) return 0;
    ARROW_RETURN_NOT_OK(CallArrowStore(location_, [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const OpenFile file, Take());
      const Result<std::int64_t> came = file->ReadAt(place, size, out);
      if (came.ok() && *came == size) return Status::OK();
      Drop();
      ARROW_RETURN_NOT_OK(came.status());
      return Status::IOError("only ", *came, " of ", size, " bytes came");
    }));
    return size;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t place, std::int64_t count) override {
    const std::int64_t size = std::clamp<std::int64_t>(size_ - place, 0, count);
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(size));
    ARROW_RETURN_NOT_OK(ReadAt(place, size, buffer->mutable_data()).status());
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  Result<std::int64_t> Read(std::int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t size, ReadAt(place_, count, out));
    place_ += size;
    return size;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(place_, count));
    place_ += buffer->size();
    return buffer;
  }

 private:
  /// The file that is open. Azure's reads whatever has its name, so it is opened and looked at for every read; Google's
  /// asks for the generation that it was opened with.
  Result<OpenFile> Take() {
    const std::lock_guard lock(mutex_);
    if (file_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(OpenFile file, location_.filesystem->OpenInputFile(location_.path));
      ARROW_RETURN_NOT_OK(CheckVersion({-1, mtime_ns_, tag_}, file.get()));
      file_ = std::move(file);
    }
    return location_.filesystem->type_name() == "abfs" ? std::exchange(file_, nullptr) : file_;
  }

  void Drop() {
    const std::lock_guard lock(mutex_);
    file_ = nullptr;
  }

  const Location location_;
  std::mutex mutex_;
  OpenFile file_;
  const std::int64_t size_;
  const std::int64_t mtime_ns_;
  const std::string tag_;
  std::int64_t place_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenArrowFile(const Location& location,
                                                                   const FileVersion& expected) {
  OpenFile file;
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  ARROW_RETURN_NOT_OK(CallArrowStore(location, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(file, location.filesystem->OpenInputFile(location.path));
    ARROW_ASSIGN_OR_RAISE(size, file->GetSize());
    ARROW_ASSIGN_OR_RAISE(mtime_ns, MtimeNs(file.get()));
    return CheckVersion(expected, size, mtime_ns);
  }));
  return std::make_shared<ArrowFile>(location, std::move(file), size, mtime_ns);
}

}  // namespace pomona
