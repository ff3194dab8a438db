#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Memory that grows without being zeroed and is used again from file to file.
///
/// Thread safety: none; one object a thread.
class ByteBuffer {
 public:
  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<const std::uint8_t> bytes() const { return {data_.get(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_.get()), size_}; }

  /// \brief Sets the size; bytes up to the smaller of both sizes are kept, new ones are unspecified.
  void Resize(std::size_t size);

  /// \brief The same for the bytes of one file: that the system has no memory for many of them is the file's failure.
  ///
  /// \return `ImageFailure` kTooLarge for more than 16 MB; throws std::bad_alloc for fewer, when the process has no
  /// more
  Status ResizeForFile(std::size_t size);

  /// \brief Bytes held, used or not.
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// \brief Reads a whole file.
///
/// \param[out] bytes overwritten; unspecified after an error
/// \return IOError with the location and the reason: missing, a folder, no permission, changed while being read
///
/// Thread safety: calls with different buffers may run together.
Status ReadAll(const Location& location, ByteBuffer* bytes);

/// \brief What a listing said of a file; what is not known is not checked.
struct FileVersion {
  std::int64_t size = -1;     ///< bytes of the file, or of the image inside it that is read
  std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970-01-01 UTC
  std::string_view etag;      ///< as the store gave it, without quotes; or a `SizeTag` (file_version.h)
  std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max();  ///< more are not read: `ImageFailure` kTooLarge
};

/// \brief Reads a whole file that was listed before, and makes sure that it is still the one that was listed.
///
/// S3 is asked for the ETag and compares itself; elsewhere the size and the time of change are compared when the file
/// is opened (Google tells times to the millisecond, Azure to the second).
///
/// \return `ImageFailure` kMissing, kChanged, kTooLarge, or kUnreadable with the last error; `IsStoreDown`; Cancelled
Status ReadObject(const Location& location, const FileVersion& expected, ByteBuffer* bytes);

/// \brief Reads `length` bytes from `offset` on of a file of the given version; the same errors.
///
/// The size of the whole file is compared where the version's tag holds it (`SizeTag`).
Status ReadRange(const Location& location, const FileVersion& expected, std::int64_t offset, std::int64_t length,
                 ByteBuffer* bytes);

/// Bytes of a file of state or settings; none that Pomona writes comes near it.
inline constexpr std::int64_t kLargestText = 64'000'000;

/// \brief Reads a whole file into a string; for small files.
///
/// \return as `ReadAll`, and IOError for a file of more than `kLargestText` bytes
Result<std::string> ReadText(const Location& location);

/// \brief Opens a file for reading at any place.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const Location& location);

/// \brief Opens a file that was listed before; what is read of it later is of the version that was listed.
///
/// S3 compares the ETag at every request; others are compared by time of change and `SizeTag` when they are opened.
///
/// \return errors as `ReadObject` has them
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenListedFile(const Location& location,
                                                                    const FileVersion& expected);

/// \brief Opens a file for writing that appears under its name, whole, when it is closed.
///
/// Objects of up to 8 MiB are one request. A local file is written beside its place under a name that starts with '.',
/// synchronised and renamed by `Close`; an object appears with the last part of its upload. A stream that is destroyed,
/// or aborted, before `Close` leaves nothing behind. Missing local folders are made. Whatever had the name before is
/// replaced.
///
/// Thread safety: one thread at a time per stream.
Result<std::shared_ptr<arrow::io::OutputStream>> OpenAtomicOutput(const Location& location);

/// \brief Writes a whole file that appears at once, as `OpenAtomicOutput` does.
Status WriteAtomically(const Location& location, std::string_view bytes);

/// \brief Writes a whole file unless one of that name exists; of several writers at once exactly one wins.
///
/// Where the store cannot promise that, `ExclusiveGuaranteeOf` (exclusive_write.h) says so. Several writers must not
/// write equal bytes: after an answer that got lost, that is how a writer knows its own.
///
/// \return whether this call wrote the file
Result<bool> WriteExclusively(const Location& location, std::string_view bytes);

/// \brief Removes a file; one that does not exist is no error.
Status RemoveFile(const Location& location);

/// \brief Removes a folder if it is empty; one that does not exist or has content is no error and stays as it is.
Status RemoveFolderIfEmpty(const Location& location);

enum class PlaceKind { kMissing, kFile, kFolder };

/// \brief What lies at a place; for an object store a prefix with objects below it is a folder.
Result<PlaceKind> KindOfPlace(const Location& location);

/// \brief Makes a folder and those above it; object stores have none and need none.
Status MakeFolders(const Location& location);

}  // namespace pomona
