#include <filesystem>
#include <system_error>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/features_output.h"
#include "pomona/pipeline/fit.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/run.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

Json Components(const FitOptions& options) {
  Json asked = {{"components", options.components ? Json(*options.components) : Json()},
                {"variance", options.variance ? Json(*options.variance) : Json()}};
  if (options.csv_safe) asked["csv-safe"] = true;
  return asked;
}

/// What an earlier fit was asked for, in words.
std::string AskedFor(const Json& before) {
  for (const char* name : {"components", "variance"}) {
    const Json value = before.value(name, Json());
    if (!value.is_null()) return std::string("with --") + name + " " + value.dump();
  }
  return "with the default number of components";
}

Status CheckOptions(const FitOptions& options, const FeatureRows& rows) {
  if (options.components && options.variance) {
    return UsageError("--components and --variance contradict each other: give one of them");
  }
  if (options.variance && !(*options.variance > 0 && *options.variance <= 1)) {
    return UsageError("--variance: a share above 0 and up to 1 is wanted, such as 0.95");
  }
  const std::int64_t rank = std::max<std::int64_t>(0, std::min(rows.row_count() - 1, rows.dim()));
  if (options.components && rank < 1) {
    return UsageError("--components: a fit needs two rows at least, there is " +
                      std::string(rows.row_count() == 1 ? "one" : "none") +
                      "; leave --components out: the fit is then skipped");
  }
  if (options.components && (*options.components < 1 || *options.components > rank)) {
    return UsageError("--components: " + std::to_string(*options.components) + " asked for, but there are " +
                      std::to_string(rows.row_count()) + " rows of " + std::to_string(rows.dim()) +
                      " features, so the rank is at most " + std::to_string(rank) + "; take " + std::to_string(rank) +
                      " or fewer");
  }
  return Status::OK();
}

/// The fit of an output that holds the features, too: its stored options gain those of the fit.
class FitInPlace {
 public:
  FitInPlace(const FitOptions& options, Job& job) : options_(options), job_(job) {}

  /// \return the summary of an earlier fit with the same options
  Result<std::optional<RunSummary>> CheckEarlierFit() {
    ARROW_RETURN_NOT_OK(job_.CheckNoOtherChange(""));
    ARROW_ASSIGN_OR_RAISE(stored_, job_.output().ReadJson(output_names::kOptions));
    ARROW_ASSIGN_OR_RAISE(const PlaceKind csv, KindOfPlace(job_.output().Place(output_names::kProjectionCsv)));
    const bool finished = job_.output().state() == OutputFolder::State::kFinished;
    if (!finished || csv != PlaceKind::kFile || options_.overwrite) return std::nullopt;
    const Json before = stored_.value("options", Json::object());
    const Json wanted = Components(options_);
    for (const auto& [name, value] : wanted.items()) {
      if (before.value(name, Json()) == value) continue;
      return UsageError(job_.output().display() + " has a fit " + AskedFor(before) +
                        " already; give --overwrite to fit it anew, or another --output to keep both");
    }
    job_.output().RemoveDeadLocks();
    RunSummary summary;
    summary.outcome = RunOutcome::kAlreadyDone;
    ARROW_ASSIGN_OR_RAISE(summary.run, job_.output().ReadJson(output_names::kRun));
    summary.report = job_.output().DisplayOf(output_names::kReport);
    summary.message = job_.output().display() + " is fitted already; nothing was done";
    return summary;
  }

  Status Begin() {
    ARROW_RETURN_NOT_OK(job_.output().Claim(job_.cancellation()));
    ARROW_RETURN_NOT_OK(job_.output().BeginChange());
    Json options = stored_.value("options", Json::object());
    options.update(Components(options_));
    job_.csv_text = CsvTextOf(options.value("csv-safe", false));
    return job_.output().WriteJson(output_names::kOptions,
                                   {{"format_version", 1}, {"command", "run"}, {"options", std::move(options)}});
  }

 private:
  const FitOptions& options_;
  Job& job_;
  Json stored_;
};

}  // namespace

Result<RunSummary> Fit(const FitOptions& options, ProgressListener* progress, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const FeaturesOutput features, FeaturesOutput::Open(options.features));
  ARROW_RETURN_NOT_OK(CheckOptions(options, *features.rows));
  ARROW_ASSIGN_OR_RAISE(OutputFolder folder, OutputFolder::Open(options.output, options.overwrite));
  const bool in_place = folder.root().path == features.root.path;
  if (!in_place) ARROW_RETURN_NOT_OK(folder.CheckApartFrom(features.root, "the features"));
  Job job(in_place ? JobKind::kRun : JobKind::kFit, std::move(folder), progress, cancellation, options.threads);
  job.memory = options.memory;
  job.csv_text = CsvTextOf(options.csv_safe);

  Json fit_options = {{"features", features.root.display}};
  fit_options.update(Components(options));
  std::optional<RunSummary> done;
  FitInPlace fit_in_place(options, job);
  if (in_place) {
    ARROW_ASSIGN_OR_RAISE(done, fit_in_place.CheckEarlierFit());
  } else {
    if (options.overwrite) ARROW_RETURN_NOT_OK(job.Clear());
    ARROW_ASSIGN_OR_RAISE(done, job.Start(fit_options));
  }
  if (done) return std::move(*done);
  if (in_place) ARROW_RETURN_NOT_OK(fit_in_place.Begin());

  ARROW_ASSIGN_OR_RAISE(const Extraction extraction,
                        DescribeExtraction(features.root, features.plan, features.rows->row_count()));
  job.SetExtraction(extraction);
  FitRecipe recipe;
  recipe.reduction.components = options.components;
  recipe.reduction.variance = options.variance;
  recipe.plan = features.plan;
  recipe.model_file = features.ModelFile();
  ARROW_RETURN_NOT_OK(FitAndProject(*features.rows, recipe, features.Thumbnails(), job));
  return job.Finish(fit_options, RunOutcome::kDone);
}

}  // namespace pomona
