#pragma once

#include <string>

#include "pomona/base/status.h"

namespace pomona {

/// \brief An error that the caller mends by changing options: the command line exits with 2.
///
/// \param[in] message names the option, what was got, what was wanted and the fix
Status UsageError(std::string message);

bool IsUsageError(const Status& status);

}  // namespace pomona
