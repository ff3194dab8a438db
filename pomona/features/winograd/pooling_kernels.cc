#include "pomona/features/winograd/pooling_kernels.h"

#include "pomona/base/highway_targets.h"
#include "pomona/features/winograd/layout.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/features/winograd/pooling_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona::winograd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kChannelBlock>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

void MaxPool(const MaxPoolJob& job) {
  const D d;
  const std::ptrdiff_t source_row = static_cast<std::ptrdiff_t>(job.columns) * kChannelBlock;
  for (int block = 0; block < job.channel_blocks; ++block) {
    for (int y = 0; y < job.rows / 2; ++y) {
      const float* upper = job.source + (static_cast<std::ptrdiff_t>(block) * job.rows + 2 * y) * source_row;
      float* target = job.map + block * job.map_block_stride + y * job.map_row_stride;
      for (int x = 0; x < job.columns / 2; ++x) {
        for (int lane = 0; lane < kChannelBlock; lane += kLanes) {
          const float* const place = upper + lane;
          const V above = hn::Max(hn::Load(d, place), hn::Load(d, place + kChannelBlock));
          const V below = hn::Max(hn::Load(d, place + source_row), hn::Load(d, place + source_row + kChannelBlock));
          hn::Store(hn::Max(above, below), d, target + lane);
        }
        upper += 2 * kChannelBlock;
        target += kChannelBlock;
      }
    }
  }
}

void GlobalMax(const float* map, int channel_blocks, int places, float* features) {
  const D d;
  for (int channel = 0; channel < channel_blocks * kChannelBlock; channel += kLanes) {
    const float* place =
        map + static_cast<std::ptrdiff_t>(channel / kChannelBlock) * places * kChannelBlock + channel % kChannelBlock;
    V largest = hn::Load(d, place);
    for (int i = 1; i < places; ++i) largest = hn::Max(largest, hn::Load(d, place += kChannelBlock));
    hn::StoreU(largest, d, features + channel);
  }
}

void GlobalAverage(const float* map, int channel_blocks, int places, float* features) {
  const D d;
  for (int channel = 0; channel < channel_blocks * kChannelBlock; channel += kLanes) {
    const float* place =
        map + static_cast<std::ptrdiff_t>(channel / kChannelBlock) * places * kChannelBlock + channel % kChannelBlock;
    V sum = hn::Load(d, place);
    for (int i = 1; i < places; ++i) sum = hn::Add(sum, hn::Load(d, place += kChannelBlock));
    hn::StoreU(hn::Div(sum, hn::Set(d, static_cast<float>(places))), d, features + channel);
  }
}

}  // namespace

PoolingKernels PoolingKernelsOfTarget() { return {MaxPool, GlobalMax, GlobalAverage}; }

}  // namespace pomona::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "pomona/base/target_table.h"

namespace pomona::winograd {

const PoolingKernels& PoolingKernelsFor(SimdTarget target) {
  static const TargetTable<PoolingKernels> kTable = POMONA_FOR_EACH_TARGET(PoolingKernelsOfTarget);
  return ForTarget(kTable, target);
}

}  // namespace pomona::winograd
#endif
