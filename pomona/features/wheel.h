#pragma once

#include <memory>
#include <string_view>

#include <arrow/buffer.h>

#include "pomona/base/status.h"

namespace pomona {

/// \brief The bytes of the one file with the given extension inside a zip archive, such as a Python wheel.
///
/// \param[in] origin what the archive is called in messages
/// \return Invalid when the bytes are no zip archive, when no member or more than one has the extension, when it has
///         more than 1 GiB unpacked, or when its checksum does not hold
Result<std::shared_ptr<arrow::Buffer>> ReadZipMember(const std::shared_ptr<arrow::Buffer>& bytes,
                                                     std::string_view extension, std::string_view origin);

}  // namespace pomona
