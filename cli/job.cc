#include "cli/job.h"

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <unistd.h>

#include "cli/models_command.h"
#include "cli/summary.h"
#include "pomona/models/open_extractor.h"

namespace pomona::cli {

Result<int> RunJob(const Job& job, ProgressMode progress, const CommandContext& context) {
  const bool plain = context.environment.plain_terminal;
  std::unique_ptr<ProgressListener> listener = MakeProgress(progress, stderr, plain);
  Result<RunSummary> summary = job(listener.get(), &context.cancellation);
  if (const std::optional<std::string> model = MissingModelOf(summary.status())) {
    ARROW_RETURN_NOT_OK(FetchNamedModel(*model, listener.get(), context));
    summary = job(listener.get(), &context.cancellation);
  }
  listener.reset();  // takes the bar off the screen
  ARROW_RETURN_NOT_OK(summary);
  std::cout << SummaryText(*summary, !plain && isatty(STDOUT_FILENO) == 1) << std::flush;
  return summary->outcome == RunOutcome::kTooManyFailures ? kExitTooManyFailures : kExitDone;
}

}  // namespace pomona::cli
