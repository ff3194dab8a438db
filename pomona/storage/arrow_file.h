#pragma once

#include <memory>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Opens a file of Google or Azure for reading at any place, again and again where that can help.
///
/// Arrow's own files read on after an error where they stand, and after their object was replaced. This one opens the
/// object again, and makes sure that it is the one it was.
///
/// \param[in] expected what a listing said of it; may be empty \return `ImageFailure` kChanged; the store's errors
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenArrowFile(const Location& location,
                                                                   const FileVersion& expected);

}  // namespace pomona
