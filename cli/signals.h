#pragma once

#include "pomona/base/cancellation.h"

namespace pomona::cli {

/// \brief Lets SIGINT and SIGTERM cancel; a second one ends the process at once with exit code 130.
///
/// SIGPIPE is ignored, so that `pomona run ... | head` does not end a run half-way, and SIGXFSZ, so
/// that a file that may not grow any further (`ulimit -f`) is an error with its name.
///
/// \param[in] cancellation lives until the process ends
void CancelOnSignals(Cancellation* cancellation);

}  // namespace pomona::cli
