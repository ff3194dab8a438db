#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/previous_rows.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/pipeline/shard_distributor.h"

namespace pomona {

/// \brief What became of a shard.
struct ShardOutcome {
  std::int64_t images = 0;
  std::int64_t failed = 0;  ///< of these
  std::int64_t read = 0;    ///< for this shard; 0 where another attempt committed it and images were taken over
  StepSeconds seconds;      ///< of the attempt that counts
};

/// \brief Runs shards of an output that another process has claimed and planned.
///
/// Reads plan and manifest from the output, obeys the one and writes neither; takes no lock, but commits nothing once
/// the claim it works for is gone. What it makes is byte for byte what the planning process would.
///
/// Thread safety: one thread at a time; `Run` itself starts `threads` of them.
class ShardWorker {
 public:
  struct Options {
    RunOptions run;          ///< as the planning process has them, but for threads and memory
    std::string model_file;  ///< where `run.extractor`'s model file lies here; empty: where it says
    std::string ticket;      ///< of the claim it works for
  };

  /// \return Invalid where this machine would not do what the plan says, naming the differences; IOError
  static Result<std::unique_ptr<ShardWorker>> Open(Options options);

  /// \brief Runs a shard and commits it, unless that was done already.
  Result<ShardOutcome> Run(const ShardTask& task, const Cancellation* cancellation) const;

 private:
  ShardWorker(Options options, OutputFolder output, const Location& input);
  Result<ShardOutcome> Committed(std::int64_t shard) const;

  Options options_;
  OutputFolder output_;
  ImagePlaces places_;
  ShardStore store_;
  OpenedExtractor opened_;
  std::unique_ptr<Manifest> manifest_;
  std::unique_ptr<PreviousRows> previous_;
  std::int64_t batches_ahead_ = 8;
};

}  // namespace pomona
