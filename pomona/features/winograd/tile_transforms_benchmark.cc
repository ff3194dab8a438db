// The transforms of tiles into the frequency domain and back, in bytes of feature map that are read or written, for
// every instruction set and tile size. One thread.
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/features/winograd/float_buffer.h"
#include "pomona/features/winograd/layout.h"
#include "pomona/features/winograd/tile_transforms.h"

namespace pomona::winograd {
namespace {

constexpr int kBlocks = 8;  // 128 channels
constexpr int kSide = 5;    // 5 x 5 tiles a map

/// Maps and frequencies of one pass over `kSide` x `kSide` tiles.
class Pass {
 public:
  explicit Pass(int tile)
      : columns_(kSide * tile + 2),
        block_(std::ptrdiff_t{columns_} * columns_ * kChannelBlock),
        plane_(std::ptrdiff_t{kBlocks} * kSide * kSide * kChannelBlock + 16),
        map_(static_cast<std::size_t>(kBlocks * block_)),
        frequencies_(static_cast<std::size_t>(TransformSize(tile) * TransformSize(tile) * plane_)),
        bias_(static_cast<std::size_t>(kBlocks * kChannelBlock)) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const std::ptrdiff_t place = (std::ptrdiff_t{y} * tile * columns_ + std::ptrdiff_t{x} * tile) * kChannelBlock;
        tiles_.push_back({place, place, tile, tile});
      }
    }
  }

  InputJob input() {
    InputJob job;
    job.map = map_.data();
    job.map_block_stride = block_;
    job.map_row_stride = std::ptrdiff_t{columns_} * kChannelBlock;
    job.channel_blocks = kBlocks;
    job.tiles = tiles_;
    job.frequencies = frequencies_.data();
    job.plane_stride = plane_;
    return job;
  }

  OutputJob output() {
    OutputJob job;
    job.frequencies = frequencies_.data();
    job.plane_stride = plane_;
    job.output_blocks = kBlocks;
    job.tiles = tiles_;
    job.bias = bias_.data();
    job.map = map_.data();
    job.map_block_stride = block_;
    job.map_row_stride = std::ptrdiff_t{columns_} * kChannelBlock;
    return job;
  }

 private:
  int columns_;
  std::ptrdiff_t block_;
  std::ptrdiff_t plane_;
  FloatBuffer map_;
  FloatBuffer frequencies_;
  FloatBuffer bias_;
  std::vector<TilePlace> tiles_;
};

void CountBytes(benchmark::State& state, int tile) {
  const std::int64_t values = std::int64_t{kBlocks} * kChannelBlock * kSide * kSide * tile * tile;
  state.SetBytesProcessed(state.iterations() * values * static_cast<std::int64_t>(sizeof(float)));
}

void BM_InputTransform(benchmark::State& state, SimdTarget target) {
  const auto tile = static_cast<int>(state.range(0));
  Pass pass(tile);
  const InputJob job = pass.input();
  for (const auto step : state) {
    (void)step;
    TileTransformsFor(target).input[tile](job);
    benchmark::ClobberMemory();
  }
  CountBytes(state, tile);
}

void BM_OutputTransform(benchmark::State& state, SimdTarget target) {
  const auto tile = static_cast<int>(state.range(0));
  Pass pass(tile);
  const OutputJob job = pass.output();
  for (const auto step : state) {
    (void)step;
    TileTransformsFor(target).output[tile](job);
    benchmark::ClobberMemory();
  }
  CountBytes(state, tile);
}

[[maybe_unused]] const bool kRegistered = [] {
  for (const SimdTarget target : UsableSimdTargets()) {
    const std::string name(SimdTargetName(target));
    benchmark::RegisterBenchmark(("BM_InputTransform/" + name).c_str(), BM_InputTransform, target)
        ->DenseRange(kSmallestTile, kLargestTile);
    benchmark::RegisterBenchmark(("BM_OutputTransform/" + name).c_str(), BM_OutputTransform, target)
        ->DenseRange(kSmallestTile, kLargestTile);
  }
  return true;
}();

}  // namespace
}  // namespace pomona::winograd
