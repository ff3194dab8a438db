#include "pomona/features/winograd/blocking_plan.h"

#include <algorithm>

#include "pomona/features/winograd/layout.h"

namespace pomona::winograd {
namespace {

// Fitted to timings of VGG16's layers on two AVX-512 cores at once (docs/winograd.md). The unit is the time of one
// multiply-add of 16 lanes.
constexpr double kWeightBytesAUnit = 2.5;  // that stream from memory
constexpr double kMovedBytesAUnit = 8;     // that go beyond the second-level cache and come back
constexpr double kCall = 50;               // of the matrix kernel
constexpr double kCacheShare = 0.5;        // of the second-level cache for a pass; weights and maps take the rest

constexpr int kRegisterBlock = 14;  // tiles; passes are multiples of it, which suits the smaller blocks of others, too
constexpr int kMostBlocks = 18;     // a pass; more never paid

}  // namespace

double ModelledBlockingCost(const ConvolutionShape& shape, int tile_size, const Blocking& blocking,
                            std::int64_t cache_bytes) {
  constexpr double kFloat = sizeof(float);
  const double frequencies = TransformSize(tile_size) * TransformSize(tile_size);
  const double inputs = shape.inputs;
  const double outputs = shape.outputs;
  const double tiles = blocking.tiles;
  const double multiply = frequencies * inputs * outputs / kChannelBlock;
  const double stream = kFloat * frequencies * inputs * outputs / tiles / kWeightBytesAUnit;
  const double held = kFloat * frequencies * tiles * (inputs + blocking.outputs);
  const double beyond = std::max(0.0, 1 - kCacheShare * static_cast<double>(cache_bytes) / held);
  const double moved = 2 * kFloat * frequencies * (inputs + outputs) * beyond / kMovedBytesAUnit;
  const double calls = kCall * frequencies * outputs / blocking.outputs / tiles;
  return std::max(multiply, stream) + moved + calls;
}

Blocking ChooseBlocking(const ConvolutionShape& shape, int tile_size, int tiles, std::int64_t cache_bytes) {
  Blocking best;
  double lowest = 0;
  for (int outputs = kChannelMultiple; outputs <= shape.outputs; outputs += kChannelMultiple) {
    if (shape.outputs % outputs != 0) continue;
    for (int blocks = 1; blocks <= kMostBlocks; ++blocks) {
      const Blocking candidate{std::min(blocks * kRegisterBlock, tiles), outputs};
      const double cost = ModelledBlockingCost(shape, tile_size, candidate, cache_bytes);
      if (best.tiles > 0 && cost >= lowest) continue;
      lowest = cost;
      best = candidate;
      if (candidate.tiles == tiles) break;
    }
  }
  return best;
}

}  // namespace pomona::winograd
