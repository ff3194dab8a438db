#include "pomona/storage/spooled_output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "pomona/storage/arrow_store.h"
#include "pomona/storage/rest_write.h"
#include "pomona/storage/retry.h"

namespace pomona {
namespace {

constexpr std::size_t kKeptInMemory = std::size_t{8} << 20U;

class SpooledOutput : public arrow::io::OutputStream {
 public:
  explicit SpooledOutput(Location location) : location_(std::move(location)) {}

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, std::int64_t size) override {
    if (closed_) return Status::Invalid("written to after it was closed");
    pending_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    position_ += size;
    return pending_.size() > kKeptInMemory ? Spill() : Status::OK();
  }
  Status Flush() override { return Status::OK(); }
  Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }
  Status Abort() override {
    closed_ = true;
    spool_.reset();
    return Status::OK();
  }

  Status Close() override {
    if (closed_) return Status::OK();
    if (spool_ != nullptr) ARROW_RETURN_NOT_OK(Spill());
    if (spool_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const std::optional<RestWrite> written, WriteByRest(location_, pending_, false));
      if (written) return Abort();
    }
    Status status = CallArrowStore(location_, [&]() -> Status {
      ARROW_RETURN_NOT_OK(Upload());
      return CheckUpload();
    });
    if (!status.ok()) {
      // Arrow may have made an empty or a half file.
      static_cast<void>(RemoveArrowFile(location_));
      return status;
    }
    return Abort();
  }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  static Status SpoolError() {
    return Status::IOError("the temporary folder cannot take what is to be uploaded: ",
                           std::generic_category().message(errno), "; make room there or set TMPDIR");
  }

  /// A file without a name, where $TMPDIR says; std::tmpfile looks at /tmp alone.
  static std::FILE* NewSpool() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "pomona-upload-XXXXXX").string();
    if (error) {
      errno = error.value();
      return nullptr;
    }
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) return nullptr;
    unlink(name.c_str());
    return fdopen(descriptor, "w+");
  }

  Status Spill() {
    if (spool_ == nullptr) spool_.reset(NewSpool());
    if (spool_ == nullptr) return SpoolError();
    if (std::fwrite(pending_.data(), 1, pending_.size(), spool_.get()) != pending_.size()) return SpoolError();
    if (std::fflush(spool_.get()) != 0) return SpoolError();
    pending_.clear();
    return Status::OK();
  }

  Status Upload() {
    ARROW_ASSIGN_OR_RAISE(const auto stream, location_.filesystem->OpenOutputStream(location_.path));
    if (spool_ == nullptr) {
      ARROW_RETURN_NOT_OK(stream->Write(pending_.data(), static_cast<std::int64_t>(pending_.size())));
      return stream->Close();
    }
    if (std::fseek(spool_.get(), 0, SEEK_SET) != 0) return SpoolError();
    std::string piece(std::size_t{1} << 20U, '\0');
    for (;;) {
      const std::size_t count = std::fread(piece.data(), 1, piece.size(), spool_.get());
      if (count == 0) break;
      ARROW_RETURN_NOT_OK(stream->Write(piece.data(), static_cast<std::int64_t>(count)));
    }
    if (std::ferror(spool_.get()) != 0) return SpoolError();
    return stream->Close();
  }

  /// An upload that was interrupted and taken up again has been seen to end in an empty object, and a success.
  Status CheckUpload() const {
    ARROW_ASSIGN_OR_RAISE(const auto info, location_.filesystem->GetFileInfo(location_.path));
    if (info.size() == position_) return Status::OK();
    return TransientError("the store kept " + std::to_string(std::max<std::int64_t>(info.size(), 0)) + " of " +
                          std::to_string(position_) + " bytes");
  }

  Location location_;
  std::string pending_;
  std::unique_ptr<std::FILE, CloseFile> spool_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<arrow::io::OutputStream>> CreateSpooledFile(const Location& location) {
  return std::make_shared<SpooledOutput>(location);
}

}  // namespace pomona
