#pragma once

#include <cstdint>
#include <span>

#include "pomona/features/feature_extractor.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/memory_plan.h"
#include "pomona/pipeline/previous_rows.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/pipeline/shard.h"

// What a process sets up before it runs shards: the same where it plans them and where it is handed them.

namespace pomona {

/// \return threads that the options ask for, or all that may be used
int ThreadsOf(const RunOptions& options);

/// \brief The extractor that the options name, for so many threads and the memory there is; a plan decides the rest.
ExtractorRequest RequestExtractor(const RunOptions& options, int threads);

/// \brief Batches that fit into memory beside an extractor that is open.
BatchPlan BoundMemory(const RunOptions& options, const FeatureExtractor& extractor, int threads);

/// \brief Threads that the memory allows to extract at once.
int ExtractingThreads(const FeatureExtractor& extractor, int threads);

/// \brief Where a job's shards come from and go to.
struct ShardPlaces {
  const Manifest* manifest = nullptr;
  const ImagePlaces* images = nullptr;
  const ShardStore* store = nullptr;
  const PreviousRows* previous = nullptr;  ///< null where there is no earlier generation
};

/// \brief All of a `ShardJob` but `advanced` and `may_commit`.
///
/// \param[in] thumbnails manifest indices, rising; they, and what the places point to, outlive the job
ShardJob MakeShardJob(const RunOptions& options, const FeatureExtractor& extractor, const ShardPlaces& places,
                      std::span<const std::int64_t> thumbnails, int threads, std::int64_t batches_ahead);

}  // namespace pomona
