#pragma once

#include <cstdint>
#include <string_view>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/pack_shard.h"
#include "pomona/pipeline/progress.h"
#include "pomona/pipeline/run.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

struct PackOptions {
  RunOptions images;  ///< those of its options that `TakenByPack` names
  PackFormat format = PackFormat::kTar;
  std::int64_t shard_bytes = 256'000'000;  ///< a shard is full once it has this size
};

/// \brief Whether packing looks at an option of `pomona run`: what finds images and labels, the output, `overwrite` and
/// `max-failures`.
bool TakenByPack(std::string_view option);

/// \brief Packs many small images into few large shards, in path order, labels and paths kept.
///
/// The output is claimed, planned, committed, resumed and accounted for as that of `Run`; its unit of commit is the
/// shard. Bytes of shards depend on the images and the result options alone: not on the number of readers, nor on
/// interruptions. Every shard is read again after it was written and compared by its SHA-256. Images that cannot be
/// read are quarantined; their bytes are not looked at otherwise.
///
/// Memory: a row group of a Parquet shard, and the images that are read at a time (`StoreOptions::read_ahead`).
///
/// \param[in] progress may be null; \param[in] cancellation may be null
/// \return UsageError for options that contradict the existing output, or an output that is not Pomona's; Cancelled
///         after an interruption (the same call goes on); IOError, also when a shard reads back as something else
Result<RunSummary> Pack(const PackOptions& options, ProgressListener* progress, const Cancellation* cancellation);

}  // namespace pomona
