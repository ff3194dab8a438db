#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief One shard to be run, by whichever process.
struct ShardTask {
  std::int64_t shard = 0;
  std::vector<std::int64_t> thumbnails;  ///< manifest indices, rising, of its images whose thumbnails are kept
};

/// \brief Shards of a claimed output that are to be run elsewhere.
struct ShardsToRun {
  std::vector<ShardTask> tasks;  ///< by rising number
  std::int64_t images = 0;       ///< of these shards
  std::string ticket;            ///< of the output's claim (`OutputFolder::CheckTicket`)

  /// To be told of images done, failed among them, and read, one call at a time. Once it returns false no further shard
  /// need be begun.
  std::function<bool(std::int64_t images, std::int64_t failed, std::int64_t read)> advanced;
};

/// \brief Has shards run by other processes, on other machines: each by `ShardWorker::Run`.
///
/// The process that claimed the output lists, plans, joins, fits and writes the report; only what `RunShards` does on
/// threads is handed out. A shard may be run several times, at the same time too: it is committed once.
class ShardDistributor {
 public:
  virtual ~ShardDistributor() = default;

  /// \brief Returns when all shards are committed, or none will be begun any more.
  ///
  /// \param[in] cancellation to be looked at every now and then; may be null
  virtual Status Distribute(const ShardsToRun& shards, const Cancellation* cancellation) = 0;
};

}  // namespace pomona
