#include "pomona/pipeline/run.h"

#include <optional>
#include <utility>

#include "pomona/pipeline/change_run.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/finish_run.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/storage/public_query.h"

namespace pomona {

Result<RunSummary> Run(const RunOptions& options, RunStages stages, ProgressListener* progress,
                       const Cancellation* cancellation, ShardDistributor* distributor) {
  ARROW_RETURN_NOT_OK(ValidateOptions(options));
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  ARROW_ASSIGN_OR_RAISE(OutputFolder folder, OutputFolder::Open(options.output, options.overwrite));
  ARROW_RETURN_NOT_OK(folder.CheckApartFrom(input, "INPUT"));
  if (options.update != UpdateKind::kNone && folder.state() != OutputFolder::State::kNew) {
    return UpdateOutput(options, stages, std::move(folder), progress, cancellation, distributor);
  }
  Job job(stages == RunStages::kAll ? JobKind::kRun : JobKind::kFeatures, std::move(folder), progress, cancellation,
          options.threads);
  job.memory = options.memory;
  job.input_uri = input.display + PublicQuery(options.input);
  if (options.overwrite) ARROW_RETURN_NOT_OK(job.Clear());

  Json result_options = OptionValues(options, OptionKind::kResult);
  result_options["input"] = input.display;
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, job.Start(result_options));
  if (done) return std::move(*done);

  ExtractionSetting setting;
  setting.distributor = distributor;
  Result<Extraction> extraction = ExtractFeatures(options, job.output(), job.log(), cancellation, setting);
  if (!extraction.ok()) {
    if (Job::MendedByOtherOptions(extraction.status())) job.Undo();
    return extraction.status();
  }
  job.SetExtraction(*extraction);
  if (extraction->too_many_failures) {
    job.message = TooManyFailuresMessage(*extraction);
    return job.Finish(AllOptions(options), RunOutcome::kTooManyFailures);
  }
  return FinishRun(options, stages, *extraction, job);
}

}  // namespace pomona
