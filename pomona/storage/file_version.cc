#include "pomona/storage/file_version.h"

#include <charconv>

#include <arrow/util/key_value_metadata.h>

#include "pomona/base/failure.h"
#include "pomona/base/text.h"
#include "pomona/storage/s3_client.h"

namespace pomona {
namespace {

constexpr std::string_view kSizeTag = "bytes=";

}  // namespace

std::string SizeTag(std::int64_t size, std::int64_t mtime_ns) {
  return std::string(kSizeTag) + std::to_string(size) + " mtime=" + std::to_string(mtime_ns);
}

std::string_view StoreTag(std::string_view etag) { return etag.starts_with(kSizeTag) ? std::string_view() : etag; }

std::optional<std::int64_t> SizeInTag(std::string_view etag) {
  if (!etag.starts_with(kSizeTag)) return std::nullopt;
  etag.remove_prefix(kSizeTag.size());
  std::int64_t size = -1;
  std::from_chars(etag.data(), etag.data() + etag.size(), size);
  return size < 0 ? std::nullopt : std::optional(size);
}

// What Arrow's listings give as the time of change is `timeCreated` at Google and `Last-Modified` at Azure; HDFS's own
// client gives it in nanoseconds.
Result<std::int64_t> MtimeNs(arrow::io::RandomAccessFile* file) {
  ARROW_ASSIGN_OR_RAISE(const auto metadata, file->ReadMetadata());
  if (metadata == nullptr) return 0;
  for (const char* name : {"timeCreated", "Last-Modified"}) {
    const Result<std::string> time = metadata->Get(name);
    if (time.ok()) return ParseHttpTime(*time);
  }
  std::int64_t nanoseconds = 0;
  const std::string text = metadata->Get("mtime_ns").ValueOr("0");
  std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
  return nanoseconds;
}

Status TooManyBytes(std::int64_t size, std::int64_t most) {
  return ImageFailure(FailureCode::kTooLarge,
                      "it has " +
                          (size < 0 ? std::string("more bytes") : HumanBytes(static_cast<double>(size)) + ", more") +
                          " than the limit of " + HumanBytes(static_cast<double>(most)) +
                          " for one file: raise --max-image-pixels and --memory, or leave out this file");
}

Status CheckSize(std::int64_t expected, std::int64_t size) {
  if (expected < 0 || size == expected) return Status::OK();
  return ImageFailure(FailureCode::kChanged,
                      "the file has " + std::to_string(size) + " bytes, " + std::to_string(expected) + " were listed");
}

Status CheckVersion(const FileVersion& expected, std::int64_t size, std::int64_t mtime_ns) {
  ARROW_RETURN_NOT_OK(CheckSize(SizeInTag(expected.etag).value_or(-1), size));
  if (expected.mtime_ns == 0 || mtime_ns == 0 || expected.mtime_ns == mtime_ns) return Status::OK();
  return ImageFailure(FailureCode::kChanged, "the file was written to since it was listed");
}

Status CheckVersion(const FileVersion& expected, arrow::io::RandomAccessFile* file) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const std::int64_t mtime_ns, MtimeNs(file));
  return CheckVersion(expected, size, mtime_ns);
}

}  // namespace pomona
