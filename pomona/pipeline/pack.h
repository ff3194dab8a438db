#pragma once

#include <cstdint>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/pack_shard.h"
#include "pomona/pipeline/progress.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/storage/skipped_names.h"

namespace pomona {

/// \brief What packing came to.
struct PackSummary {
  std::int64_t images = 0;
  std::int64_t unreadable = 0;  ///< left out
  std::int64_t shards = 0;
  std::int64_t bytes = 0;  ///< of all shards
  SkippedFiles skipped;    ///< left out because of their names
};

/// \brief Packs many small images into few large shards, in path order, labels and paths kept.
///
/// Every shard is read again after it was written and compared by its SHA-256. An image that cannot be read is left out
/// and named in a message.
///
/// \param[in] options input, labels, globs, sample and limit, and the output: a folder or prefix that holds nothing
/// \param[in] shard_bytes size that a shard grows to
/// \return UsageError when the output holds something; IOError when a shard reads back as something else
Result<PackSummary> Pack(const RunOptions& options, PackFormat format, std::int64_t shard_bytes,
                         ProgressListener* progress, const Cancellation* cancellation);

}  // namespace pomona
