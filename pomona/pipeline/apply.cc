#include <algorithm>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/features_output.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/model_folder.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/run.h"

namespace pomona {
namespace {

/// \return UsageError when features were not made as the model wants them
Status CheckFeatures(const FeaturesOutput& features, const PipelineModel& model) {
  const auto differ = [&](const char* what, const Json& theirs, const Json& wanted) {
    return UsageError(features.root.display + " does not fit the model: its " + what + " is " + theirs.dump() + ", " +
                      wanted.dump() + " is wanted");
  };
  for (const char* name : {"weights_sha256", "precision", "features"}) {
    const Json theirs = features.plan.value(name, Json());
    const Json wanted = model.plan.value(name, Json());
    if (theirs != wanted) return differ(name, theirs, wanted);
  }
  const Json recipe = features.plan.value("recipe", Json::object());
  for (const auto& [name, value] : model.options.items()) {
    if (name == "engine" || name == "max-image-pixels") continue;
    if (recipe.value(name, Json()) != value) return differ(name.c_str(), recipe.value(name, Json()), value);
  }
  return Status::OK();
}

/// Result options of an apply, as they are stored: which images, and which model.
Json StoredOptions(const RunOptions& options, const Location& input, const Location& model) {
  Json stored = {{"model", model.display}};
  stored.update(OptionValues(options, OptionKind::kResult));
  stored["input"] = input.display;
  stored.erase("components");
  stored.erase("variance");
  return stored;
}

Result<RunSummary> ApplyToFeatures(const FeaturesOutput& features, const PipelineModel& model, Job& job,
                                   const Json& stored) {
  ARROW_RETURN_NOT_OK(CheckFeatures(features, model));
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, job.Start(stored));
  if (done) return std::move(*done);
  ARROW_ASSIGN_OR_RAISE(const Extraction extraction,
                        DescribeExtraction(features.root, features.plan, features.rows->row_count()));
  job.SetExtraction(extraction);
  ARROW_RETURN_NOT_OK(job.RemoveReductionFiles());
  ARROW_RETURN_NOT_OK(job.Project(*features.rows, model.reduction, features.Thumbnails()));
  return job.Finish(stored, RunOutcome::kDone);
}

Result<RunSummary> ApplyToImages(const RunOptions& options, const PipelineModel& model, Job& job, const Json& stored) {
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, job.Start(stored));
  if (done) return std::move(*done);
  ExtractionSetting setting;
  setting.model_plan = model.plan;
  const Result<Extraction> extraction = ExtractFeatures(options, job.output(), job.log(), job.cancellation(), setting);
  if (!extraction.ok()) {
    if (Job::MendedByOtherOptions(extraction.status())) job.Undo();
    return extraction.status();
  }
  job.SetExtraction(*extraction);
  if (extraction->too_many_failures) {
    job.message = TooManyFailuresMessage(*extraction);
    return job.Finish(stored, RunOutcome::kTooManyFailures);
  }
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<FeatureRows> rows,
                        FeatureRows::OfOutput(job.output().root(), job.output().generation().target));
  if (rows->dim() != model.reduction.dim()) {
    return Status::Invalid("the extractor gives ", rows->dim(), " features here, the model was fitted to ",
                           model.reduction.dim());
  }
  ARROW_RETURN_NOT_OK(job.RemoveReductionFiles());
  ARROW_RETURN_NOT_OK(job.Project(*rows, model.reduction, job.output().Place(output_names::kThumbnails)));
  return job.Finish(stored, RunOutcome::kDone);
}

}  // namespace

Result<RunSummary> Apply(const ApplyOptions& apply, ProgressListener* progress, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(apply.model));
  ARROW_ASSIGN_OR_RAISE(const Location folder, FindModel(place));
  ARROW_ASSIGN_OR_RAISE(const PipelineModel model, ReadModel(folder));
  ARROW_ASSIGN_OR_RAISE(const RunOptions options, WithModel(apply.run, model, folder));
  ARROW_RETURN_NOT_OK(ValidateOptions(options));
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  ARROW_ASSIGN_OR_RAISE(OutputFolder output, OutputFolder::Open(options.output, options.overwrite));
  ARROW_RETURN_NOT_OK(output.CheckApartFrom(input, "INPUT"));
  ARROW_RETURN_NOT_OK(output.CheckApartFrom(folder, "MODEL"));
  Job job(JobKind::kApply, std::move(output), progress, cancellation, options.threads);
  job.csv_rows = options.csv_rows;
  job.csv_text = CsvTextOf(options.csv_safe);
  job.memory = options.memory;
  if (options.overwrite) ARROW_RETURN_NOT_OK(job.Clear());
  const Json stored = StoredOptions(options, input, folder);
  ARROW_ASSIGN_OR_RAISE(const bool features, FeaturesOutput::IsAt(input));
  if (!features) return ApplyToImages(options, model, job, stored);
  ARROW_ASSIGN_OR_RAISE(const FeaturesOutput opened, FeaturesOutput::Open(options.input));
  return ApplyToFeatures(opened, model, job, stored);
}

}  // namespace pomona
