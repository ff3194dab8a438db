#include "pomona/features/winograd/tile_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pomona::winograd {
namespace {

// The nominal processor: round figures, which an exhaustive search on one core with AVX-512 bears out
// (docs/winograd.md). The unit is the time of one multiply-add of 16 lanes.
constexpr double kInputCost = 5.0;   // an element of the frequency domain, transformed and stored, 16 channels
constexpr double kOutputCost = 5.0;  // an element of the frequency domain, read and transformed back, 16 channels
constexpr double kBytesAUnit = 6.0;  // that stream from memory in one unit of time
constexpr double kImagesAPass = 32;  // over which one stream of the weights is spread
constexpr double kTilesAPass = 128;  // more of them gain nothing

// Tiles of so many images pass through a layer that its weights, once fetched from memory, serve several passes.
constexpr int kPassesTogether = 4;

int RoundedUpQuotient(int dividend, int divisor) { return (dividend + divisor - 1) / divisor; }

}  // namespace

std::int64_t WeightBytes(const ConvolutionShape& shape, int tile_size) {
  const std::int64_t size = TransformSize(tile_size);
  return size * size * shape.inputs * shape.outputs * static_cast<std::int64_t>(sizeof(float));
}

double ModelledCost(const ConvolutionShape& shape, int tile_size) {
  const TileGrid grid(shape, tile_size);
  const double size = TransformSize(tile_size);
  const double tiles = grid.tiles();
  const double elements = tiles * size * size;
  const double inputs = shape.inputs;
  const double outputs = shape.outputs;
  const double products = elements * inputs * outputs / kChannelBlock;
  const double transforms = elements * (kInputCost * inputs + kOutputCost * outputs) / kChannelBlock;
  const double passes =
      1 / std::min(kImagesAPass, std::max(kTilesAPass / tiles, 1.0)) * std::max(tiles / kTilesAPass, 1.0);
  const double stream = static_cast<double>(WeightBytes(shape, tile_size)) / kBytesAUnit * passes;
  return std::max(products, stream) + transforms;
}

std::vector<int> ChooseTileSizes(std::span<const ConvolutionShape> shapes, std::int64_t weight_bytes) {
  std::vector<int> sizes;
  std::int64_t total = 0;
  for (const ConvolutionShape& shape : shapes) {
    int best = kSmallestTile;
    for (int tile = kSmallestTile + 1; tile <= kLargestTile; ++tile) {
      if (ModelledCost(shape, tile) < ModelledCost(shape, best)) best = tile;
    }
    sizes.push_back(best);
    total += WeightBytes(shape, best);
  }
  while (weight_bytes > 0 && total > weight_bytes) {
    std::size_t cheapest = shapes.size();
    int smaller = 0;
    double lowest = HUGE_VAL;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (int tile = kSmallestTile; tile < sizes[i]; ++tile) {
        const double saved = static_cast<double>(WeightBytes(shapes[i], sizes[i]) - WeightBytes(shapes[i], tile));
        const double price = (ModelledCost(shapes[i], tile) - ModelledCost(shapes[i], sizes[i])) / saved;
        if (price < lowest) {
          lowest = price;
          cheapest = i;
          smaller = tile;
        }
      }
    }
    if (cheapest == shapes.size()) break;
    total -= WeightBytes(shapes[cheapest], sizes[cheapest]) - WeightBytes(shapes[cheapest], smaller);
    sizes[cheapest] = smaller;
  }
  return sizes;
}

std::vector<LayerPlan> PlanLayers(std::span<const ConvolutionShape> shapes, std::span<const int> tile_sizes, int batch,
                                  std::int64_t cache_bytes) {
  std::vector<LayerPlan> plans;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const ConvolutionShape& shape = shapes[i];
    const TileGrid grid(shape, tile_sizes[i]);
    LayerPlan plan;
    plan.tile_size = tile_sizes[i];
    plan.blocking = ChooseBlocking(shape, plan.tile_size, batch * grid.tiles(), cache_bytes);
    const int together = kPassesTogether * plan.blocking.tiles;
    plan.images = std::clamp(RoundedUpQuotient(together, grid.tiles()), i == 0 ? 1 : plans.back().images, batch);
    if (i == 0) {
      plan.images = 1;
      plan.tile_rows = std::clamp(RoundedUpQuotient(plan.blocking.tiles, grid.tile_columns), 1, grid.tile_rows);
      plan.blocking.tiles = plan.tile_rows * grid.tile_columns;
    }
    plans.push_back(plan);
  }
  return plans;
}

}  // namespace pomona::winograd
