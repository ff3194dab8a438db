#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pomona/base/status.h"

namespace pomona {

/// \brief Why one image did not become a row: the `code` column of quarantine.parquet.
enum class FailureCode {
  kEmpty,          ///< no bytes at all
  kUnknownFormat,  ///< the first bytes belong to no image format that is read here
  kCorrupt,        ///< the format is known, the bytes break its rules
  kTruncated,      ///< the data end before the image does
  kTooLarge,       ///< more pixels than `--max-image-pixels`, by its header, or more bytes than may be read
  kTooSlow,        ///< decoding took longer than `--image-timeout`
  kUnsupported,    ///< a legal file that uses a part of its format that is not read here
  kUnreadable,     ///< the store did not give the bytes
  kChanged,        ///< the file is not the one that was listed: another size, ETag or time of change
  kMissing,        ///< the file was listed and is gone
  kNonFinite,      ///< a feature is NaN or infinite
};

/// \return the name as written to quarantine.parquet, such as "unknown-format"
std::string_view FailureCodeName(FailureCode code);

/// \return the code with that name, or nothing
std::optional<FailureCode> FailureCodeFromName(std::string_view name);

/// \brief An error that belongs to one image, not to the run.
///
/// \param[in] message what was got, what was wanted and what to do, without the path
Status ImageFailure(FailureCode code, std::string message);

/// \return the code given to `ImageFailure`, or nothing when the status is of another kind
std::optional<FailureCode> FailureCodeOf(const Status& status);

}  // namespace pomona
