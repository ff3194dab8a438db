#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/learn/reduction.h"
#include "pomona/pipeline/csv.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/job_log.h"
#include "pomona/pipeline/model_folder.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/report/report.h"
#include "pomona/pipeline/run.h"

namespace pomona {

/// What an output was asked for; `_pomona/options.json` and run.json name it.
enum class JobKind { kFeatures, kRun, kFit, kApply, kPack };
std::string_view JobKindName(JobKind kind);  // "features", "run", "fit", "apply", "pack"

/// \brief One call of `Run`, `Fit`, `Apply` or `Pack`: what they share, from claiming the output to `_SUCCESS`.
///
/// Thread safety: one thread.
class Job {
 public:
  Job(JobKind kind, OutputFolder output, ProgressListener* progress, const Cancellation* cancellation, int threads);

  OutputFolder& output() { return output_; }
  JobLog& log() { return log_; }
  const Cancellation* cancellation() const { return cancellation_; }
  int threads() const { return threads_; }

  /// \brief Threads that may hold a block of rows each, so many features a row; says so where memory allows fewer.
  int ThreadsForBlocks(std::int64_t dim);

  /// \return UsageError when another command's change of the output was interrupted, naming that command
  Status CheckNoOtherChange(std::string_view command) const;

  /// \brief Compares options with the stored ones, and tells whether all is done already.
  ///
  /// \param[in] options the result options of this call
  /// \return the summary to hand out when nothing is left to do; UsageError when the output was made with others
  Result<std::optional<RunSummary>> CheckStored(const Json& options);

  /// \return UsageError when the output was made by another command or with other options
  Status CheckOptions(const Json& options) const;

  /// \brief Makes the output this job's: claims it, removes `_SUCCESS`, stores the options.
  Status Begin(const Json& options);

  /// \brief `CheckStored`, then `Begin`; what another run finished between the two counts.
  ///
  /// \return the summary to hand out when nothing is left to do
  Result<std::optional<RunSummary>> Start(const Json& options);

  /// \brief Deletes what an earlier run wrote, for --overwrite.
  Status Clear() { return output_.Clear(cancellation_); }

  /// \brief Takes back what `Begin` did to an output that was new, after an error that other options mend.
  void Undo() { output_.Undo(); }

  /// \return whether the user may want to try again with other options on the same output: after a usage error, or
  ///         where a model's weights are not to be had here
  static bool MendedByOtherOptions(const Status& status);

  /// \brief Files of an earlier fit or projection, which this call makes anew.
  Status RemoveReductionFiles();

  /// \brief Writes projection and explained variance, and gathers what the report shows of them.
  Status Project(const FeatureRows& rows, const Reduction& reduction, const Location& thumbnails);

  /// \brief Counts labels for the report where nothing is projected.
  Status CountLabels(const FeatureRows& rows);

  /// \brief Writes run.json and, but for a pack, report.html; then, unless there were too many failures, `_SUCCESS`.
  Result<RunSummary> Finish(const Json& all_options, RunOutcome outcome);

  /// What run.json and the report say of the extraction.
  void SetExtraction(const Extraction& extraction);

  /// Further fields of run.json.
  Json& extra() { return extra_; }

  std::int64_t memory = 0;            ///< bytes that may be held; 0: what the machine allows
  std::string message;                ///< of the summary
  std::string input_uri;              ///< where the images are, to be opened again; kept with the options
  std::int64_t csv_rows = 5'000'000;  ///< of projection.csv; beyond, it is written in parts
  CsvText csv_text = CsvText::kAsIs;  ///< of projection.csv

 private:
  std::vector<std::string> UsualFiles() const;
  Status WriteReport(const Json& all_options, RunOutcome outcome);
  Json RunRecord(const Json& all_options, RunOutcome outcome) const;
  Result<Json> FilesWritten(RunOutcome outcome) const;

  JobKind kind_;
  OutputFolder output_;
  JobLog log_;
  const Cancellation* cancellation_;
  int threads_;
  std::optional<int> block_threads_;
  std::optional<Extraction> extraction_;
  std::map<std::string, std::int64_t> label_counts_;
  ReportData report_;
  Json extra_ = Json::object();
};

}  // namespace pomona
