#include "pomona/pipeline/run.h"

#include <memory>
#include <optional>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/fit.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/option_table.h"

namespace pomona {
namespace {

Json AllOptions(const RunOptions& options) {
  Json all = OptionValues(options, OptionKind::kResult);
  all.update(OptionValues(options, OptionKind::kRun));
  return all;
}

}  // namespace

Result<RunSummary> Run(const RunOptions& options, RunStages stages, ProgressListener* progress,
                       const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(ValidateOptions(options));
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  ARROW_ASSIGN_OR_RAISE(OutputFolder folder, OutputFolder::Open(options.output));
  ARROW_RETURN_NOT_OK(folder.CheckApartFrom(input, "INPUT"));
  Job job(stages == RunStages::kAll ? JobKind::kRun : JobKind::kFeatures, std::move(folder), progress, cancellation,
          options.threads);
  if (options.overwrite) ARROW_RETURN_NOT_OK(job.Clear());

  Json result_options = OptionValues(options, OptionKind::kResult);
  result_options["input"] = input.display;
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, job.Start(result_options));
  if (done) return std::move(*done);

  Result<Extraction> extraction = ExtractFeatures(options, job.output(), job.log(), cancellation);
  if (!extraction.ok()) {
    if (Job::MendedByOtherOptions(extraction.status())) job.Undo();
    return extraction.status();
  }
  job.SetExtraction(*extraction);
  if (extraction->too_many_failures) {
    job.message = TooManyFailuresMessage(*extraction);
    return job.Finish(AllOptions(options), RunOutcome::kTooManyFailures);
  }
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<FeatureRows> rows,
                        FeatureRows::Open(job.output().Place(output_names::kFeatures)));
  if (stages == RunStages::kAll) {
    FitRecipe recipe;
    recipe.reduction.components = options.components;
    recipe.reduction.variance = options.variance;
    recipe.threads = extraction->fit_threads;
    recipe.plan = extraction->plan;
    recipe.model_file = extraction->model_file;
    ARROW_RETURN_NOT_OK(FitAndProject(*rows, recipe, job.output().Place(output_names::kThumbnails), job));
  } else {
    ARROW_RETURN_NOT_OK(job.CountLabels(*rows));
  }
  return job.Finish(AllOptions(options), RunOutcome::kDone);
}

}  // namespace pomona
