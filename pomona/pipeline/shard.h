#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/batch_worker.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/read_ahead.h"

namespace pomona {

/// \brief What is needed to run shards of an output, on any machine.
struct ShardJob {
  const Manifest* manifest = nullptr;
  const ImagePlaces* places = nullptr;
  const ShardStore* store = nullptr;
  ExtractionRecipe recipe;
  std::int64_t shard_size = 1024;  ///< manifest rows a shard
  int threads = 1;
  std::int64_t batches_ahead = 8;  ///< handed out and not yet written; at least `threads`
  ReadAhead::Options read_ahead;   ///< used where images lie in a store

  /// Called after every batch with the images done, failed and read in it, one call at a time. Returning false starts
  /// no further shard; those begun are finished and committed. May be empty.
  std::function<bool(std::int64_t images, std::int64_t failed, std::int64_t read)> advanced;

  /// Asked before a shard is committed; an error ends the run. May be empty.
  std::function<Status()> may_commit;
};

/// \brief Runs shards: reads their images, extracts features, writes their parts and commits them.
///
/// The one way features are made: the local runner calls it with all shards that are left, a task of a cluster with its
/// own. Threads take batches of consecutive images in order and go on to the next shard without waiting for the others,
/// so that none is idle before the last batch. Rows wait in memory until all before them are written, but no thread
/// runs further ahead than `batches_ahead`; so memory depends on neither shard size nor number of images.
///
/// \param[in] shards numbers, rising
/// \return Cancelled (shards not committed by then are lost, the output can be resumed); IOError
Status RunShards(const ShardJob& job, std::span<const std::int64_t> shards, const Cancellation* cancellation);

}  // namespace pomona
