#pragma once

#include <functional>

#include "cli/command.h"
#include "cli/progress.h"
#include "pomona/pipeline/run.h"

namespace pomona::cli {

using Job = std::function<Result<RunSummary>(ProgressListener* progress, const Cancellation* cancellation)>;

/// \brief Runs a job with its progress on stderr, then prints its summary to stdout.
///
/// \return the exit code: 0, or 3 after too many failures; the job's error
Result<int> RunJob(const Job& job, ProgressMode progress, const CommandContext& context);

}  // namespace pomona::cli
