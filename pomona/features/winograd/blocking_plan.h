#pragma once

#include <cstdint>

#include "pomona/features/winograd/convolution_layer.h"

namespace pomona::winograd {

/// Second-level cache of the nominal processor, for machines that do not tell theirs.
inline constexpr std::int64_t kUsualCacheBytes = std::int64_t{1} << 20;

/// \brief Modelled cost a tile of one convolution in some blocking, in multiply-adds of a vector of 16 lanes.
///
/// Three things a blocking decides: every pass reads the weights anew, from memory where they are many; what a pass
/// holds beyond half of the second-level cache is written and read further away; every frequency of a pass costs a call
/// of the matrix kernel.
///
/// \param[in] cache_bytes of a core's second-level cache
double ModelledBlockingCost(const ConvolutionShape& shape, int tile_size, const Blocking& blocking,
                            std::int64_t cache_bytes);

/// \brief The blocking of lowest modelled cost. It changes speed and memory, never a bit, so it may follow the machine.
///
/// \param[in] tiles that are there to be taken together, at least 1
Blocking ChooseBlocking(const ConvolutionShape& shape, int tile_size, int tiles, std::int64_t cache_bytes);

}  // namespace pomona::winograd
