#pragma once

#include <memory>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief A file of an Arrow store that is kept back until it is closed: in memory up to 8 MiB, beyond in a nameless
/// file of the temporary folder.
///
/// Arrow's own streams for Google and Azure leave what was written when they are aborted, and cannot start again after
/// an error. This one writes nothing before `Close`, and then tries again where that can help.
Result<std::shared_ptr<arrow::io::OutputStream>> CreateSpooledFile(const Location& location);

}  // namespace pomona
