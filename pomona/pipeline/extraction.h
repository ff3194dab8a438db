#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/job_log.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/previous_rows.h"
#include "pomona/pipeline/report/report.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/pipeline/shard_distributor.h"
#include "pomona/storage/skipped_names.h"

namespace pomona {

/// \brief How the extraction of an output ended; of a pack, its packing.
struct Extraction {
  Json plan;
  std::string model_file;  ///< local file or folder that belongs into model/; may be empty

  std::int64_t images = 0;  ///< listed
  std::int64_t ok = 0;
  std::int64_t quarantined = 0;
  std::int64_t extracted = 0;  ///< images done by this call
  StepSeconds seconds;         ///< of all threads, earlier calls included

  bool too_many_failures = false;
  std::int64_t failures_allowed = 0;
  std::optional<SkippedFiles> skipped;  ///< of the listing; nothing where it is not known
  std::map<std::string, std::int64_t> failures_by_code;
  std::map<std::string, std::int64_t> failures_by_label;
  std::vector<ReportFailure> first_failures;  ///< at most 500
};

/// \return images that may be quarantined among so many
std::int64_t FailuresAllowed(const FailureLimit& limit, std::int64_t images);

/// \return whether a job goes on after so many failures among the images done so far; few images are not judged
bool FailuresBearable(std::int64_t failed, std::int64_t done, std::int64_t allowed);

/// \brief Adds an image to the counts of failures and, of the first ones, to the list.
void NoteFailure(const QuarantineRow& row, Extraction* extraction);

/// \brief What a person is told when too many images failed.
std::string TooManyFailuresMessage(const Extraction& extraction);

/// \brief What a generation is made from, besides images.
struct ExtractionBase {
  const PreviousRows* previous = nullptr;

  /// Gives the rows of the new manifest; called once, unless an earlier call has written it.
  std::function<Result<ManifestRows>()> list;
};

/// \brief How an extraction differs from that of a new output on this machine.
struct ExtractionSetting {
  Json model_plan;  ///< that a saved model was made under, whose batch size and weights are kept to; null: none

  /// The generation before, whose plan is kept to and whose rows are taken over; null for the first.
  const ExtractionBase* base = nullptr;

  /// Runs the shards somewhere else; null runs them here.
  ShardDistributor* distributor = nullptr;
};

/// \brief Makes the features of an output: list, plan, extract, quarantine, join; takes up what is there already.
///
/// The output must be claimed. Afterwards `features/` and quarantine.parquet are there; after too many failures only
/// the latter.
Result<Extraction> ExtractFeatures(const RunOptions& options, OutputFolder& output, JobLog& log,
                                   const Cancellation* cancellation, const ExtractionSetting& setting = {});

/// \brief What is known of the extraction behind a features output that was made earlier.
///
/// \param[in] output its root; quarantine.parquet is read where it is there
/// \param[in] plan as the feature files carry it; \param[in] rows good ones
Result<Extraction> DescribeExtraction(const Location& output, const Json& plan, std::int64_t rows);

}  // namespace pomona
