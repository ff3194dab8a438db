#include "pomona/storage/exclusive_write.h"

#include <optional>
#include <string>

#include "pomona/storage/file_io.h"
#include "pomona/storage/hdfs_store.h"
#include "pomona/storage/rest_write.h"
#include "pomona/storage/s3_store.h"

namespace pomona {
namespace {

Result<bool> WriteAndReadBack(const Location& location, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(location));
  if (kind != PlaceKind::kMissing) return false;
  ARROW_RETURN_NOT_OK(WriteAtomically(location, bytes));
  ARROW_ASSIGN_OR_RAISE(const std::string there, ReadText(location));
  return there == bytes;
}

}  // namespace

ExclusiveGuarantee ExclusiveGuaranteeOf(const Location& location) {
  if (location.is_local() || location.s3 != nullptr || HdfsOf(location) != nullptr) {
    return ExclusiveGuarantee::kAtomic;
  }
  if (CanWriteByRest(location)) return ExclusiveGuarantee::kAtomic;
  return ExclusiveGuarantee::kReadBack;
}

Result<bool> WriteExclusivelyToStore(const Location& location, std::string_view bytes) {
  if (location.s3 != nullptr) {
    const S3Name name = SplitS3Path(location.path);
    return location.s3->PutIfAbsent(name.bucket, name.key, bytes);
  }
  if (HdfsOf(location) != nullptr) return WriteToHdfsExclusively(location, bytes);
  ARROW_ASSIGN_OR_RAISE(const std::optional<RestWrite> written, WriteByRest(location, bytes, true));
  if (!written) return WriteAndReadBack(location, bytes);
  if (*written != RestWrite::kNotKnown) return *written == RestWrite::kWritten;
  ARROW_ASSIGN_OR_RAISE(const std::string there, ReadText(location));  // an earlier try may have arrived unseen
  return there == bytes;
}

}  // namespace pomona
