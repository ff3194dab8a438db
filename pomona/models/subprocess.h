#pragma once

#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona {

struct ProcessResult {
  int exit_code = 0;   ///< 128 + the signal's number when a signal ended it, as shells say it
  std::string output;  ///< what it wrote to stdout and stderr, in its order; the last 64 KiB
};

/// \brief Runs a program and waits for its end.
///
/// The program is looked up in PATH, gets the environment of this process and an empty stdin, and forms a process group
/// of its own, which a cancellation ends.
///
/// \param[in] arguments the program first
/// \param[in] cancellation may be null
/// \return IOError when the program cannot be started; Cancelled
Result<ProcessResult> RunProcess(const std::vector<std::string>& arguments, const Cancellation* cancellation);

}  // namespace pomona
