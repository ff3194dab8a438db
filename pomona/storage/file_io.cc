#include "pomona/storage/file_io.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/failure.h"
#include "pomona/base/random_digits.h"
#include "pomona/base/text.h"
#include "pomona/storage/arrow_file.h"
#include "pomona/storage/arrow_store.h"
#include "pomona/storage/exclusive_write.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/hdfs_store.h"
#include "pomona/storage/local_file.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_client.h"
#include "pomona/storage/s3_store.h"
#include "pomona/storage/spooled_output.h"

namespace pomona {
namespace {

/// Arrow's message without its own wording of the place, under the name the user knows.
Status StoreError(const Location& location, std::string_view what, const Status& status) {
  if (status.IsCancelled()) return status;
  const std::string reason = status.IsKeyError() ? "there is no such object" : status.message();
  if (IsStoreDown(status)) return StoreDown(location.display + ": " + std::string(what) + ": " + reason);
  return Status::IOError(location.display, ": ", what, ": ", reason);
}

/// Reads until `size` bytes are there or the file ends; the count read, or -1 with errno.
ssize_t ReadUpTo(int fd, std::uint8_t* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = read(fd, data + done, size - done);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

std::int64_t MtimeNs(const struct stat& info) {
  return static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

/// Opens a local file and makes sure that it is one, and of that version.
Result<Descriptor> OpenLocal(const Location& location, const FileVersion& expected, std::int64_t* size) {
  // O_NONBLOCK: opening a pipe must not wait for its writer; it means nothing for files.
  Descriptor file = OpenLocalPath(location, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.get() < 0) return LocalError(location, "cannot be opened", errno);
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return LocalError(location, "cannot be read", errno);
  if (S_ISDIR(info.st_mode)) return Status::IOError(location.display, ": is a folder, not a file");
  if (!S_ISREG(info.st_mode)) return Status::IOError(location.display, ": is not a regular file");
  *size = info.st_size;
  ARROW_RETURN_NOT_OK(CheckVersion(expected, info.st_size, MtimeNs(info)));
  return file;
}

Status ReadRangeLocal(const Location& location, const FileVersion& expected, std::int64_t offset, std::int64_t length,
                      ByteBuffer* bytes) {
  std::int64_t size = 0;
  ARROW_ASSIGN_OR_RAISE(const Descriptor file, OpenLocal(location, expected, &size));
  ARROW_RETURN_NOT_OK(
      bytes->ResizeForFile(static_cast<std::size_t>(std::clamp<std::int64_t>(size - offset, 0, length))));
  if (lseek(file.get(), offset, SEEK_SET) < 0) return LocalError(location, "cannot be read", errno);
  const ssize_t count = ReadUpTo(file.get(), bytes->data(), bytes->size());
  if (count < 0) return LocalError(location, "cannot be read", errno);
  bytes->Resize(static_cast<std::size_t>(count));
  return Status::OK();
}

Status ReadAllLocal(const Location& location, const FileVersion& expected, ByteBuffer* bytes) {
  std::int64_t listed = 0;
  ARROW_ASSIGN_OR_RAISE(const Descriptor file, OpenLocal(location, expected, &listed));
  // One byte more than the file has shows a file that grew, and files of /proc, whose size is 0.
  std::size_t size = 0;
  std::size_t wanted = static_cast<std::size_t>(listed) + 1;
  for (;;) {
    const auto least = static_cast<std::int64_t>(std::max(size, static_cast<std::size_t>(listed)));
    if (least > expected.most_bytes) return TooManyBytes(least, expected.most_bytes);
    ARROW_RETURN_NOT_OK(bytes->ResizeForFile(wanted));
    const ssize_t count = ReadUpTo(file.get(), bytes->data() + size, wanted - size);
    if (count < 0) return LocalError(location, "cannot be read", errno);
    size += static_cast<std::size_t>(count);
    if (size < wanted) break;
    wanted = 2 * wanted + 4096;
  }
  bytes->Resize(size);
  return Status::OK();
}

Status ReadAllRemote(const Location& location, const FileVersion& expected, ByteBuffer* bytes) {
  if (location.s3 != nullptr) {
    const S3Name name = SplitS3Path(location.path);
    const std::string etag(expected.etag);
    return location.s3->Get(name.bucket, name.key, etag, std::nullopt, bytes, expected.most_bytes).status();
  }
  return CallArrowStore(location, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto file, location.filesystem->OpenInputFile(location.path));
    ARROW_RETURN_NOT_OK(CheckVersion(expected, file.get()));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
    ARROW_RETURN_NOT_OK(CheckSize(expected.size, size));
    if (size > expected.most_bytes) return TooManyBytes(size, expected.most_bytes);
    ARROW_RETURN_NOT_OK(bytes->ResizeForFile(static_cast<std::size_t>(size)));
    if (size == 0) return Status::OK();  // Google refuses a range without bytes
    ARROW_ASSIGN_OR_RAISE(const std::int64_t count, file->ReadAt(0, size, bytes->data()));
    if (count != size) return Status::IOError("only ", count, " of ", size, " bytes came");
    return Status::OK();
  });
}

Status ReadRangeRemote(const Location& location, const FileVersion& expected, std::int64_t offset, std::int64_t length,
                       ByteBuffer* bytes) {
  if (location.s3 != nullptr) {
    const S3Name name = SplitS3Path(location.path);
    const std::string etag(StoreTag(expected.etag));
    return location.s3->Get(name.bucket, name.key, etag, S3Client::Range{offset, length}, bytes).status();
  }
  return CallArrowStore(location, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto file, location.filesystem->OpenInputFile(location.path));
    ARROW_RETURN_NOT_OK(CheckVersion(expected, file.get()));
    ARROW_RETURN_NOT_OK(bytes->ResizeForFile(static_cast<std::size_t>(length)));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t count, file->ReadAt(offset, length, bytes->data()));
    bytes->Resize(static_cast<std::size_t>(count));
    return Status::OK();
  });
}

/// The error of a read as the failure of one image, or as the end of the run.
Status AsImageFailure(const Location& location, const Status& status) {
  if (status.ok() || FailureCodeOf(status) || status.IsCancelled() || status.IsOutOfMemory()) return status;
  if (IsStoreDown(status)) return StoreError(location, "cannot be read", status);
  if (status.IsAlreadyExists()) {  // a precondition that failed
    return ImageFailure(FailureCode::kChanged, "the object is not the one that was listed: its ETag is another");
  }
  const auto gone = [](const std::string& text) {
    return text.find("No such file") != std::string::npos || text.find("does not exist") != std::string::npos ||
           text.find("Path does not") != std::string::npos || text.find("NOT_FOUND") != std::string::npos;
  };
  if (status.IsKeyError() || gone(status.ToString())) {
    return ImageFailure(FailureCode::kMissing, "the file was listed and is gone");
  }
  return ImageFailure(FailureCode::kUnreadable, status.message());
}

/// What lies at a key: names that look like files are looked for as files first. Listing is all that is asked for, as
/// HEAD on a missing key is refused where listing is allowed below a prefix only.
Result<PlaceKind> KindOfS3Place(const Location& location) {
  const S3Name name = SplitS3Path(location.path);
  const auto as_folder = [&]() -> Result<bool> {
    const std::string prefix = name.key.empty() ? "" : name.key + "/";
    ARROW_ASSIGN_OR_RAISE(const S3Page page, location.s3->List(name.bucket, prefix, false, "", 1));
    return name.key.empty() || !page.objects.empty();
  };
  const auto as_file = [&]() -> Result<bool> {
    ARROW_ASSIGN_OR_RAISE(const S3Page page, location.s3->List(name.bucket, name.key, false, "", 1));
    return !page.objects.empty() && page.objects.front().key == name.key;  // the shortest of its prefix comes first
  };
  const bool file_first = location.name().find('.') != std::string_view::npos || location.name().starts_with('_');
  if (file_first && !name.key.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool file, as_file());
    if (file) return PlaceKind::kFile;
  }
  ARROW_ASSIGN_OR_RAISE(const bool folder, as_folder());
  if (folder) return PlaceKind::kFolder;
  if (file_first) return PlaceKind::kMissing;
  const Result<bool> file = as_file();
  // Where "results/" may be listed and "results" not, an empty "results/" is all there is to know.
  if (!file.ok() && (IsStoreDown(file.status()) || file.status().IsCancelled())) return file.status();
  return file.ok() && *file ? PlaceKind::kFile : PlaceKind::kMissing;
}

int OpenIn(int folder, const char* name, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = openat(folder, name, flags, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/// A local file under a temporary name in the folder of its place.
class LocalAtomicOutput final : public arrow::io::OutputStream {
 public:
  static Result<std::shared_ptr<LocalAtomicOutput>> Open(const Location& location) {
    ARROW_RETURN_NOT_OK(MakeLocalFolders(location.Parent()));
    Descriptor folder = OpenLocalParent(location);
    if (folder.get() < 0) return LocalError(location, "cannot be written", errno);
    // At random: containers that share a folder may share their process numbers, too.
    for (;;) {
      const std::string temporary = ".pomona-" + RandomDigits(16) + ".part";
      Descriptor file(OpenIn(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (file.get() < 0 && errno == EEXIST) continue;
      if (file.get() < 0) return LocalError(location, "cannot be written", errno);
      return std::shared_ptr<LocalAtomicOutput>(
          new LocalAtomicOutput(location, temporary, std::move(folder), std::move(file)));
    }
  }

  ~LocalAtomicOutput() override { static_cast<void>(Abort()); }

  Status Write(const void* data, std::int64_t size) override {
    if (closed_) return Status::Invalid(location_.display, ": written to after it was closed");
    const auto* next = static_cast<const char*>(data);
    std::int64_t left = size;
    while (left > 0) {
      const ssize_t count = write(file_.get(), next, static_cast<std::size_t>(std::min<std::int64_t>(left, 1 << 30)));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return LocalError(location_, "cannot be written", errno);
      next += count;
      left -= count;
    }
    position_ += size;
    return Status::OK();
  }
  using arrow::io::OutputStream::Write;

  Status Flush() override { return Status::OK(); }
  Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

  Status Abort() override {
    if (closed_) return Status::OK();
    closed_ = true;
    file_ = Descriptor();
    unlinkat(folder_.get(), temporary_.c_str(), 0);
    return Status::OK();
  }

  Status Close() override {
    if (closed_) return Status::OK();
    Status status = Synchronise();
    if (status.ok() && renameat(folder_.get(), temporary_.c_str(), folder_.get(), Name().c_str()) != 0) {
      status = LocalError(location_, "cannot be given its name", errno);
    }
    return Finish(status);
  }

  enum class Named { kYes, kTaken, kVanished };

  /// `Close`, unless the place is taken, or the file was removed before it had its name: another run that claims the
  /// folder takes it for a leftover.
  Result<Named> CloseExclusively() {
    Status status = Synchronise();
    Named named = Named::kYes;
    // A hard link is the one local operation that names a whole file and fails where the name exists, also on NFS.
    if (status.ok() && linkat(folder_.get(), temporary_.c_str(), folder_.get(), Name().c_str(), 0) != 0) {
      if (errno == EEXIST) {
        named = Named::kTaken;
      } else if (errno == ENOENT) {
        named = Named::kVanished;
      } else {
        status = LocalError(location_, "cannot be given its name", errno);
      }
    }
    unlinkat(folder_.get(), temporary_.c_str(), 0);
    ARROW_RETURN_NOT_OK(Finish(status));
    return named;
  }

 private:
  LocalAtomicOutput(Location location, std::string temporary, Descriptor folder, Descriptor file)
      : location_(std::move(location)),
        temporary_(std::move(temporary)),
        folder_(std::move(folder)),
        file_(std::move(file)) {}

  std::string Name() const { return std::string(location_.name()); }

  Status Synchronise() {
    if (fsync(file_.get()) != 0) return LocalError(location_, "cannot be written", errno);
    if (close(file_.release()) != 0) return LocalError(location_, "cannot be written", errno);
    return Status::OK();
  }

  Status Finish(const Status& status) {
    if (!status.ok()) {
      static_cast<void>(Abort());
      return status;
    }
    closed_ = true;
    // The name is safe once its folder is; some file systems cannot synchronise a folder, which is no error.
    const Descriptor folder(OpenIn(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    if (folder.get() >= 0) fsync(folder.get());
    return Status::OK();
  }

  Location location_;
  std::string temporary_;  ///< a name in the folder
  Descriptor folder_;      ///< opened once: what becomes of its name meanwhile changes nothing
  Descriptor file_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

/// An object being uploaded. Arrow's own streams finish the upload when they are destroyed; this one drops it.
class RemoteAtomicOutput final : public arrow::io::OutputStream {
 public:
  RemoteAtomicOutput(Location location, std::shared_ptr<arrow::io::OutputStream> stream)
      : location_(std::move(location)), stream_(std::move(stream)) {}
  ~RemoteAtomicOutput() override { static_cast<void>(Abort()); }

  Status Write(const void* data, std::int64_t size) override { return Named(stream_->Write(data, size)); }
  Status Write(const std::shared_ptr<arrow::Buffer>& data) override { return Named(stream_->Write(data)); }
  Status Flush() override { return Named(stream_->Flush()); }
  Result<std::int64_t> Tell() const override { return stream_->Tell(); }
  bool closed() const override { return stream_->closed(); }
  Status Abort() override { return stream_->closed() ? Status::OK() : Named(stream_->Abort()); }
  Status Close() override { return Named(stream_->Close()); }

 private:
  Status Named(const Status& status) const {
    return status.ok() ? status : StoreError(location_, "cannot be written", status);
  }

  Location location_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
};

/// Stores whose folders are only prefixes of names.
bool HasFolders(const Location& location) {
  const std::string type = location.filesystem->type_name();
  return type != "s3" && type != "gcs" && type != "abfs";
}

}  // namespace

void ByteBuffer::Resize(std::size_t size) {
  if (size > capacity_) {
    const std::size_t capacity = std::max(size, capacity_ + capacity_ / 2);
    auto data = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }
  size_ = size;
}

Status ByteBuffer::ResizeForFile(std::size_t size) {
  constexpr std::size_t kMany = 16'000'000;
  try {
    Resize(size);
  } catch (const std::bad_alloc&) {
    if (size <= kMany) throw;
    return ImageFailure(FailureCode::kTooLarge, "no memory to read its " + HumanBytes(static_cast<double>(size)) +
                                                    ": use fewer --threads, add memory, or leave out this file");
  }
  return Status::OK();
}

Status ReadAll(const Location& location, ByteBuffer* bytes) {
  if (location.is_local()) return ReadAllLocal(location, {}, bytes);
  const Status status = ReadAllRemote(location, {}, bytes);
  return status.ok() ? status : StoreError(location, "cannot be read", status);
}

Status ReadObject(const Location& location, const FileVersion& expected, ByteBuffer* bytes) {
  if (expected.size > expected.most_bytes) return TooManyBytes(expected.size, expected.most_bytes);
  Status status =
      location.is_local() ? ReadAllLocal(location, expected, bytes) : ReadAllRemote(location, expected, bytes);
  if (status.ok()) status = CheckSize(expected.size, static_cast<std::int64_t>(bytes->size()));
  return AsImageFailure(location, status);
}

Status ReadRange(const Location& location, const FileVersion& expected, std::int64_t offset, std::int64_t length,
                 ByteBuffer* bytes) {
  bytes->Resize(0);
  if (length <= 0) return Status::OK();
  if (length > expected.most_bytes) return TooManyBytes(length, expected.most_bytes);
  Status status = location.is_local() ? ReadRangeLocal(location, expected, offset, length, bytes)
                                      : ReadRangeRemote(location, expected, offset, length, bytes);
  if (status.ok() && static_cast<std::int64_t>(bytes->size()) != length) {
    status = ImageFailure(FailureCode::kChanged, "the file ends before the place where the image was listed");
  }
  return AsImageFailure(location, status);
}

Result<std::string> ReadText(const Location& location) {
  ByteBuffer bytes;
  FileVersion limit;
  limit.most_bytes = kLargestText;
  const Status status =
      location.is_local() ? ReadAllLocal(location, limit, &bytes) : ReadAllRemote(location, limit, &bytes);
  if (FailureCodeOf(status)) {
    return Status::IOError(location.display, ": cannot be read: it has more than ",
                           HumanBytes(static_cast<double>(kLargestText)), ", the limit for files of its kind");
  }
  if (!status.ok()) return location.is_local() ? status : StoreError(location, "cannot be read", status);
  return std::string(bytes.text());
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const Location& location) {
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  const auto open = [&]() -> Result<std::shared_ptr<arrow::io::RandomAccessFile>> {
    if (location.is_local()) {
      std::int64_t size = 0;
      ARROW_ASSIGN_OR_RAISE(Descriptor descriptor, OpenLocal(location, {}, &size));
      return arrow::io::ReadableFile::Open(descriptor.release());
    }
    return location.s3 != nullptr ? OpenS3File(location.s3, location.path) : OpenArrowFile(location, {});
  };
  const Status status = open().Value(&file);
  if (!status.ok()) return location.is_local() ? status : StoreError(location, "cannot be opened", status);
  return file;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenListedFile(const Location& location,
                                                                    const FileVersion& expected) {
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  const auto open_local = [&]() -> Status {
    std::int64_t size = 0;
    ARROW_ASSIGN_OR_RAISE(Descriptor descriptor, OpenLocal(location, expected, &size));
    return arrow::io::ReadableFile::Open(descriptor.release()).Value(&file);
  };
  Status status;
  if (location.is_local()) {
    status = open_local();
  } else if (location.s3 != nullptr) {
    status = OpenS3File(location.s3, location.path, std::string(StoreTag(expected.etag))).Value(&file);
  } else {
    status = OpenArrowFile(location, expected).Value(&file);
  }
  if (!status.ok()) return AsImageFailure(location, status);
  return file;
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenAtomicOutput(const Location& location) {
  if (location.is_local()) {
    ARROW_ASSIGN_OR_RAISE(auto output, LocalAtomicOutput::Open(location));
    return output;
  }
  if (HasFolders(location)) ARROW_RETURN_NOT_OK(MakeFolders(location.Parent()));
  std::shared_ptr<arrow::io::OutputStream> stream;
  const auto open = [&]() -> Result<std::shared_ptr<arrow::io::OutputStream>> {
    if (location.s3 != nullptr) return CreateS3File(location.s3, location.path);
    if (HdfsOf(location) != nullptr) return CreateHdfsFile(location);
    return HasFolders(location) ? location.filesystem->OpenOutputStream(location.path) : CreateSpooledFile(location);
  };
  const Status status = open().Value(&stream);
  if (!status.ok()) return StoreError(location, "cannot be written", status);
  return std::make_shared<RemoteAtomicOutput>(location, std::move(stream));
}

Status WriteAtomically(const Location& location, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto output, OpenAtomicOutput(location));
  ARROW_RETURN_NOT_OK(output->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())));
  return output->Close();
}

Result<bool> WriteExclusively(const Location& location, std::string_view bytes) {
  if (!location.is_local()) {
    Result<bool> written = WriteExclusivelyToStore(location, bytes);
    if (!written.ok()) return StoreError(location, "cannot be written", written.status());
    return written;
  }
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto output, LocalAtomicOutput::Open(location));
    ARROW_RETURN_NOT_OK(output->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())));
    ARROW_ASSIGN_OR_RAISE(const auto named, output->CloseExclusively());
    if (named != LocalAtomicOutput::Named::kVanished) return named == LocalAtomicOutput::Named::kYes;
  }
  return Status::IOError(location.display, ": cannot be given its name: something removes unfinished files from its ",
                         "folder again and again");
}

Status RemoveFile(const Location& location) {
  if (location.is_local()) {
    const Descriptor folder = OpenLocalParent(location);
    const bool removed = folder.get() >= 0 && unlinkat(folder.get(), std::string(location.name()).c_str(), 0) == 0;
    if (removed || errno == ENOENT || errno == ENOTDIR) return Status::OK();
    return LocalError(location, "cannot be removed", errno);
  }
  Status status;
  if (location.s3 != nullptr) {
    const S3Name name = SplitS3Path(location.path);
    status = location.s3->Delete(name.bucket, name.key);
  } else {
    status = RemoveArrowFile(location);
  }
  return status.ok() ? status : StoreError(location, "cannot be removed", status);
}

Status RemoveFolderIfEmpty(const Location& location) {
  if (location.is_local()) {
    const Descriptor above = OpenLocalParent(location);
    const bool removed =
        above.get() >= 0 && unlinkat(above.get(), std::string(location.name()).c_str(), AT_REMOVEDIR) == 0;
    if (removed || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) {
      return Status::OK();
    }
    return LocalError(location, "the folder cannot be removed", errno);
  }
  if (!HasFolders(location)) return Status::OK();
  arrow::fs::FileSelector selector;
  selector.base_dir = location.path;
  selector.allow_not_found = true;
  const auto content = location.filesystem->GetFileInfo(selector);
  if (!content.ok()) return StoreError(location, "cannot be listed", content.status());
  if (!content->empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(location));
  if (kind != PlaceKind::kFolder) return Status::OK();
  const Status status = location.filesystem->DeleteDir(location.path);
  return status.ok() ? status : StoreError(location, "the folder cannot be removed", status);
}

Result<PlaceKind> KindOfPlace(const Location& location) {
  if (location.is_local()) {
    const Descriptor place = OpenLocalPath(location, O_PATH | O_CLOEXEC);
    struct stat info{};
    if (place.get() >= 0 && fstat(place.get(), &info) == 0) {
      return S_ISDIR(info.st_mode) ? PlaceKind::kFolder : PlaceKind::kFile;
    }
    if (errno == ENOENT || errno == ENOTDIR) return PlaceKind::kMissing;
    return LocalError(location, "cannot be looked at", errno);
  }
  if (location.s3 != nullptr) {
    Result<PlaceKind> kind = KindOfS3Place(location);
    if (!kind.ok()) return StoreError(location, "cannot be looked at", kind.status());
    return kind;
  }
  arrow::fs::FileInfo info;
  const Status status =
      CallArrowStore(location, [&] { return location.filesystem->GetFileInfo(location.path).Value(&info); });
  if (!status.ok()) return StoreError(location, "cannot be looked at", status);
  switch (info.type()) {
    case arrow::fs::FileType::NotFound:
      return PlaceKind::kMissing;
    case arrow::fs::FileType::Directory:
      return PlaceKind::kFolder;
    default:
      return PlaceKind::kFile;
  }
}

Status MakeFolders(const Location& location) {
  if (location.is_local()) return MakeLocalFolders(location);
  if (!HasFolders(location)) return Status::OK();
  const Status status = CallArrowStore(location, [&] { return location.filesystem->CreateDir(location.path, true); });
  return status.ok() ? status : StoreError(location, "the folder cannot be made", status);
}

}  // namespace pomona
