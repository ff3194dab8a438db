#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/file_io.h"

namespace pomona {

/// \brief What stands for the ETag of a file that holds many images, where its store gives none: so every image knows
/// the size of the whole file beside its own. The time of change is part of it, as equal ETags mean equal files.
std::string SizeTag(std::int64_t size, std::int64_t mtime_ns);

/// \brief The ETag that the store itself gave, "" for a `SizeTag`.
std::string_view StoreTag(std::string_view etag);

/// \brief Bytes of the whole file, where the tag says them.
std::optional<std::int64_t> SizeInTag(std::string_view etag);

/// \brief Compares the size of a whole file. \return `ImageFailure` kChanged
Status CheckSize(std::int64_t expected, std::int64_t size);

/// \brief What to say of a file that is larger than may be read. \param[in] size -1: not known
/// \return `ImageFailure` kTooLarge
Status TooManyBytes(std::int64_t size, std::int64_t most);

/// \brief Compares a file as it is now with what was listed: the time of change, and the size that a `SizeTag` holds.
///
/// \param[in] mtime_ns 0 where the store does not say \return `ImageFailure` kChanged
Status CheckVersion(const FileVersion& expected, std::int64_t size, std::int64_t mtime_ns);

/// \brief When the bytes of an open file of Google or Azure were written, as listings tell it; 0 where the store does
/// not say.
Result<std::int64_t> MtimeNs(arrow::io::RandomAccessFile* file);

/// \brief The same for an open file of Google or Azure, whose description came with it.
Status CheckVersion(const FileVersion& expected, arrow::io::RandomAccessFile* file);

}  // namespace pomona
