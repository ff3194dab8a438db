#pragma once

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/run.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

/// \brief Result and run options, as run.json shows them.
Json AllOptions(const RunOptions& options);

/// \brief The second half of a run: what is made of the features that the job's output holds.
Result<RunSummary> FinishRun(const RunOptions& options, RunStages stages, const Extraction& extraction, Job& job);

}  // namespace pomona
