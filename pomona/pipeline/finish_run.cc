#include "pomona/pipeline/finish_run.h"

#include <memory>

#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/fit.h"
#include "pomona/pipeline/option_table.h"

namespace pomona {

Json AllOptions(const RunOptions& options) {
  Json all = OptionValues(options, OptionKind::kResult);
  all.update(OptionValues(options, OptionKind::kRun));
  return all;
}

Result<RunSummary> FinishRun(const RunOptions& options, RunStages stages, const Extraction& extraction, Job& job) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<FeatureRows> rows,
                        FeatureRows::OfOutput(job.output().root(), job.output().generation().target));
  if (stages == RunStages::kAll) {
    job.csv_rows = options.csv_rows;
    job.csv_text = CsvTextOf(options.csv_safe);
    FitRecipe recipe;
    recipe.reduction.components = options.components;
    recipe.reduction.variance = options.variance;
    recipe.plan = extraction.plan;
    recipe.model_file = extraction.model_file;
    ARROW_RETURN_NOT_OK(FitAndProject(*rows, recipe, job.output().Place(output_names::kThumbnails), job));
  } else {
    ARROW_RETURN_NOT_OK(job.CountLabels(*rows));
  }
  return job.Finish(AllOptions(options), RunOutcome::kDone);
}

}  // namespace pomona
