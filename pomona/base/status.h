#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

namespace pomona {

/// Every call that can fail returns one of these two; exceptions of third parties stop in the adapter that
/// calls them.
using arrow::Result;
using arrow::Status;

}  // namespace pomona
