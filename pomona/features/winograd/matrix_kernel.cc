#include "pomona/features/winograd/matrix_kernel.h"

#include <array>
#include <cstdint>

#include "pomona/base/highway_targets.h"
#include "pomona/features/winograd/layout.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/features/winograd/matrix_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona::winograd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors a panel and tiles at once: as many sums as there are registers for, beside the weights and one input.
#if HWY_TARGET == HWY_AVX3
constexpr int kVectors = 2;
constexpr int kMaxRows = 14;
#elif HWY_TARGET == HWY_NEON
constexpr int kVectors = 4;
constexpr int kMaxRows = 6;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kVectors = 8;
constexpr int kMaxRows = 2;
#else
constexpr int kVectors = 2;
constexpr int kMaxRows = 6;
#endif

constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<float>()));
constexpr int kPanelWidth = kVectors * kLanes;
static_assert(kChannelMultiple % kPanelWidth == 0);

constexpr int kChannelsAStep = 4;  // between prefetches

// Multiply-adds in one chain. Rounding errors grow with its length: two sums of 256 halve what one chain over 512
// channels is off, at a hundredth of the speed.
constexpr int kChainChannels = 256;

/// A stretch of memory that the next jobs read, fetched piece by piece.
struct Ahead {
  const char* next = nullptr;
  std::ptrdiff_t step = 0;  // bytes every kChannelsAStep channels; 0: none

  template <int kLocality>
  HWY_INLINE void Fetch() {
    if (step == 0) return;
    constexpr std::uintptr_t kLine = 64;
    const char* const end = next + step;
    const auto misaligned = reinterpret_cast<std::uintptr_t>(next) % kLine;
    for (const char* line = next + (misaligned == 0 ? 0 : kLine - misaligned); line < end; line += kLine) {
      __builtin_prefetch(line, 0, kLocality);
    }
    next = end;
  }
};

/// Floats from a panel's first output to its vector j.
HWY_INLINE std::ptrdiff_t ProductOffset(int j, std::ptrdiff_t block_stride) {
  const int output = j * kLanes;
  return output / kChannelBlock * block_stride + output % kChannelBlock;
}

/// One chain of a product: so many of the job's channels.
struct Chain {
  int channels = 0;
  bool first = true;  // later ones are added to what is there
};

/// A chain of kRows tiles by one panel. kLocality says how near the prefetched lines shall come.
template <int kRows, int kLocality>
void MultiplyBlock(const MatrixJob& job, Chain chain, const float* HWY_RESTRICT tiles,
                   const float* HWY_RESTRICT weights, float* HWY_RESTRICT products, Ahead* next_weights,
                   Ahead* next_tiles) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  V sums[kRows][kVectors];
  POMONA_UNROLL
  for (int row = 0; row < kRows; ++row) {
    POMONA_UNROLL
    for (int j = 0; j < kVectors; ++j) sums[row][j] = hn::Zero(d);
  }
  Ahead ahead_weights = *next_weights;
  Ahead ahead_tiles = *next_tiles;
  for (int channel = 0; channel < chain.channels; channel += kChannelBlock) {
    POMONA_NO_UNROLL
    for (int step = 0; step < kChannelBlock; step += kChannelsAStep) {
      ahead_weights.template Fetch<kLocality>();
      ahead_tiles.template Fetch<kLocality>();
      POMONA_UNROLL
      for (int c = 0; c < kChannelsAStep; ++c) {
        V panel[kVectors];
        POMONA_UNROLL
        for (int j = 0; j < kVectors; ++j) panel[j] = hn::Load(d, weights + j * kLanes);
        weights += kPanelWidth;
        POMONA_UNROLL
        for (int row = 0; row < kRows; ++row) {
          const V value = hn::Set(d, tiles[row * kChannelBlock + c]);
          POMONA_UNROLL
          for (int j = 0; j < kVectors; ++j) sums[row][j] = hn::MulAdd(value, panel[j], sums[row][j]);
        }
      }
      tiles += kChannelsAStep;
    }
    tiles += job.tiles_block_stride - kChannelBlock;
  }
  if (!chain.first) {
    POMONA_UNROLL
    for (int j = 0; j < kVectors; ++j) {
      const float* const sum = products + ProductOffset(j, job.products_block_stride);
      POMONA_UNROLL
      for (int row = 0; row < kRows; ++row)
        sums[row][j] = hn::Add(hn::Load(d, sum + row * kChannelBlock), sums[row][j]);
    }
  }
  POMONA_UNROLL
  for (int j = 0; j < kVectors; ++j) {
    float* const target = products + ProductOffset(j, job.products_block_stride);
    POMONA_UNROLL
    for (int row = 0; row < kRows; ++row) hn::Store(sums[row][j], d, target + row * kChannelBlock);
  }
  *next_weights = ahead_weights;
  *next_tiles = ahead_tiles;
}

using BlockFunction = void (*)(const MatrixJob&, Chain, const float*, const float*, float*, Ahead*, Ahead*);

template <int kLocality>
constexpr std::array<BlockFunction, 15> BlockFunctions() {
  std::array<BlockFunction, 15> functions{};
  functions[1] = MultiplyBlock<1, kLocality>;
  functions[2] = MultiplyBlock<2, kLocality>;
#if HWY_TARGET != HWY_SCALAR
  functions[3] = MultiplyBlock<3, kLocality>;
  functions[4] = MultiplyBlock<4, kLocality>;
  functions[5] = MultiplyBlock<5, kLocality>;
  functions[6] = MultiplyBlock<6, kLocality>;
#endif
#if HWY_TARGET == HWY_AVX3
  functions[7] = MultiplyBlock<7, kLocality>;
  functions[8] = MultiplyBlock<8, kLocality>;
  functions[9] = MultiplyBlock<9, kLocality>;
  functions[10] = MultiplyBlock<10, kLocality>;
  functions[11] = MultiplyBlock<11, kLocality>;
  functions[12] = MultiplyBlock<12, kLocality>;
  functions[13] = MultiplyBlock<13, kLocality>;
  functions[14] = MultiplyBlock<14, kLocality>;
#endif
  return functions;
}

void Multiply(const MatrixJob& job) {
  // Few channels are soon used up: what they need next must be in the first-level cache.
  constexpr int kFewChannels = 128;
  constexpr int kNear = 3;
  constexpr int kSecondLevel = 2;
  static constexpr std::array<BlockFunction, 15> kNearFunctions = BlockFunctions<kNear>();
  static constexpr std::array<BlockFunction, 15> kFarFunctions = BlockFunctions<kSecondLevel>();
  const auto& functions = job.channels <= kFewChannels ? kNearFunctions : kFarFunctions;

  const int blocks = (job.tile_count + kMaxRows - 1) / kMaxRows;
  const int rows = job.tile_count / blocks;
  const int longer = job.tile_count % blocks;  // so many blocks have a row more
  const int steps = job.channels / kChannelsAStep;
  const std::ptrdiff_t panel_floats = static_cast<std::ptrdiff_t>(job.channels) * kPanelWidth;
  const std::ptrdiff_t panel_bytes = panel_floats * static_cast<std::ptrdiff_t>(sizeof(float));
  const std::ptrdiff_t tiles_bytes =
      static_cast<std::ptrdiff_t>(job.channels) * job.tile_count * static_cast<std::ptrdiff_t>(sizeof(float));
  const std::ptrdiff_t all_steps = static_cast<std::ptrdiff_t>(job.panels) * blocks * steps;
  Ahead next_tiles{reinterpret_cast<const char*>(job.next_tiles),
                   job.next_tiles == nullptr ? 0 : (tiles_bytes + all_steps - 1) / all_steps};
  for (int panel = 0; panel < job.panels; ++panel) {
    const float* const weights = job.weights + panel * panel_floats;
    const bool last = panel + 1 == job.panels;
    const bool none = last && job.next_weights == nullptr;
    const float* const next = last ? job.next_weights : weights + panel_floats;
    Ahead next_weights{reinterpret_cast<const char*>(next),
                       none ? 0 : panel_bytes / (static_cast<std::ptrdiff_t>(blocks) * steps)};
    const int output = panel * kPanelWidth;
    float* products = job.products + output / kChannelBlock * job.products_block_stride + output % kChannelBlock;
    const float* tiles = job.tiles;
    for (int block = 0; block < blocks; ++block) {
      const int count = rows + (block < longer ? 1 : 0);
      for (int first = 0; first < job.channels; first += kChainChannels) {
        const Chain chain{HWY_MIN(kChainChannels, job.channels - first), first == 0};
        functions[static_cast<std::size_t>(count)](job, chain, tiles + first / kChannelBlock * job.tiles_block_stride,
                                                   weights + static_cast<std::ptrdiff_t>(first) * kPanelWidth, products,
                                                   &next_weights, &next_tiles);
      }
      tiles += static_cast<std::ptrdiff_t>(count) * kChannelBlock;
      products += static_cast<std::ptrdiff_t>(count) * kChannelBlock;
    }
  }
}

}  // namespace

MatrixKernel MatrixKernelOfTarget() { return {kPanelWidth, kMaxRows, Multiply}; }

}  // namespace pomona::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "pomona/base/target_table.h"

namespace pomona::winograd {

const MatrixKernel& MatrixKernelFor(SimdTarget target) {
  static const TargetTable<MatrixKernel> kTable = POMONA_FOR_EACH_TARGET(MatrixKernelOfTarget);
  return ForTarget(kTable, target);
}

}  // namespace pomona::winograd
#endif
