#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"
#include "pomona/features/winograd/network.h"

namespace pomona::winograd {

/// \brief What decides how a network is run; what is left open is chosen.
struct EngineOptions {
  int threads = 1;     ///< sessions that may run at the same time
  int batch_size = 0;  ///< images; 0 takes `UsualBatchSize`

  /// Tile size of every convolution but the first; empty takes `ChooseTileSizes`. They decide bits.
  std::vector<int> tile_sizes;

  /// Bytes that the whole process may hold, 0 for no limit. Open tile sizes are chosen such that weights and two
  /// sessions of small batches fit beside a program of usual size: so they depend on this and the network, and on
  /// nothing that differs between machines. What fits in no way is run with the smallest.
  std::int64_t memory_limit = 0;

  /// Bytes that weights and sessions may hold now, 0 for no limit. An open batch is made smaller to fit, then
  /// `EnginePlan::sessions`.
  std::int64_t memory = 0;

  /// The instruction set; the best of the processor when empty.
  std::optional<SimdTarget> target;
};

/// \brief Images a batch for a network whose last map has so many tiles: enough to spread each stream of the weights,
/// few enough that an interruption is heard within a second or two.
int UsualBatchSize(const std::vector<ConvolutionShape>& shapes);

/// \brief How a network will be run, and what it will hold.
struct EnginePlan {
  NetworkPlan network;
  std::int64_t shared_bytes = 0;   ///< transformed weights
  std::int64_t session_bytes = 0;  ///< of one session
  int sessions = 1;                ///< at once, within the memory; at least 1, at most the threads

  /// Modelled cost of the tile sizes against the best ones, in hundredths: 100 unless a plan or a limit made them
  /// smaller.
  int relative_cost = 100;

  std::int64_t bytes(int threads) const { return shared_bytes + threads * session_bytes; }
};

/// \brief Chooses everything before anything is allocated.
///
/// \return Invalid for tile sizes, a target or shapes that the engine does not have
Result<EnginePlan> PlanEngine(const NetworkDescription& description, const EngineOptions& options);

/// \brief A network as an extractor: one session a thread, none waits for another.
///
/// \param[in] description its weights are not needed after the call
Result<std::unique_ptr<FeatureExtractor>> MakeWinogradExtractor(const NetworkDescription& description,
                                                                const EnginePlan& plan, std::string weights_sha256);

}  // namespace pomona::winograd
