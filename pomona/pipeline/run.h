#pragma once

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/progress.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/pipeline/shard_distributor.h"

namespace pomona {

/// \brief How a run ended, when it did not fail.
enum class RunOutcome {
  kDone,
  kAlreadyDone,      ///< the output was finished by an earlier run with the same result options
  kTooManyFailures,  ///< shards, quarantine and report are there, `_SUCCESS` is not
};

struct RunSummary {
  RunOutcome outcome = RunOutcome::kDone;
  Json run;             ///< the content of run.json
  std::string report;   ///< where report.html lies, as the user would type it
  std::string message;  ///< one line for people, such as why the fit was skipped
};

/// Which part of the job is wanted: all of it, or one stage over what the stage before wrote.
enum class RunStages { kAll, kFeaturesOnly };

/// \brief The main job: list, decode, extract, fit, project, write, report.
///
/// \param[in] progress may be null; \param[in] cancellation may be null
/// \param[in] distributor runs the shards somewhere else; null runs them on threads of this process
/// \return Invalid (with a `UsageError` detail, see base/usage_error.h) for options that contradict each other or the
///         existing output; Cancelled after an interruption (the output can be resumed); IOError
Result<RunSummary> Run(const RunOptions& options, RunStages stages, ProgressListener* progress,
                       const Cancellation* cancellation, ShardDistributor* distributor = nullptr);

/// \brief Reads the images in quarantine again, and makes of the output what it would be had they not failed.
///
/// \param[in] options `output` and the run options; `input` where the images lie elsewhere than when the output was
///            made, weights where they were read from a file that has moved. All else is taken from the output.
/// \return as `Run`; UsageError for an output that is not finished, or of another command than run and features
Result<RunSummary> RetryFailed(const RunOptions& options, ProgressListener* progress, const Cancellation* cancellation);

/// \brief Fits scaler and PCA over the features in `features_output` (made by `RunStages::kFeaturesOnly` or a whole
/// run) and writes model, projection, explained variance and report.
struct FitOptions {
  std::string features;  ///< the OUTPUT of `pomona features`
  std::string output;    ///< may be the same place
  std::optional<std::int64_t> components;
  std::optional<double> variance;
  int threads = 0;
  std::int64_t memory = 0;  ///< bytes that may be held; 0: what the machine allows
  bool overwrite = false;
  bool csv_safe = false;  ///< as in RunOptions
};
Result<RunSummary> Fit(const FitOptions& options, ProgressListener* progress, const Cancellation* cancellation);

/// \brief Projects new images, or features already extracted, with a saved model.
struct ApplyOptions {
  std::string model;  ///< an OUTPUT of run or fit, or its model/ folder
  RunOptions run;     ///< input, output, listing and run options; what the model decides is taken from it
};
Result<RunSummary> Apply(const ApplyOptions& options, ProgressListener* progress, const Cancellation* cancellation);

}  // namespace pomona
