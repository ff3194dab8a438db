#pragma once

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/run.h"

namespace pomona {

/// \brief `Run` with `--update` on an output that exists: the next generation of it, for what the input holds now.
///
/// An output that was interrupted is finished first. Where nothing is new, nothing is done.
Result<RunSummary> UpdateOutput(const RunOptions& options, RunStages stages, OutputFolder folder,
                                ProgressListener* progress, const Cancellation* cancellation,
                                ShardDistributor* distributor = nullptr);

}  // namespace pomona
