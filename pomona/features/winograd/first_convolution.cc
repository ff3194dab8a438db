#include "pomona/features/winograd/first_convolution.h"

#include <algorithm>
#include <array>

#include "pomona/base/highway_targets.h"
#include "pomona/features/winograd/layout.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/features/winograd/first_convolution.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona::winograd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kChannelBlock>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

// Vectors a panel and pixels at once: their sums fill the registers.
#if HWY_TARGET == HWY_AVX3
constexpr int kVectors = 2;
constexpr int kPixels = 12;
#elif HWY_TARGET == HWY_NEON
constexpr int kVectors = 4;
constexpr int kPixels = 6;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kVectors = 8;
constexpr int kPixels = 2;
#else
constexpr int kVectors = 2;
constexpr int kPixels = 6;
#endif
constexpr int kPanelWidth = kVectors * kLanes;
constexpr int kTapsARow = kFirstTaps / 3;

/// kCount pixels from `column` on, by one panel.
template <int kCount>
void ConvolvePixels(const FirstConvolutionJob& job, int panel, int column) {
  const D d;
  V sums[kCount][kVectors];
  const float* const bias = job.bias + panel * kPanelWidth;
  POMONA_UNROLL
  for (int j = 0; j < kVectors; ++j) {
    const V start = hn::Load(d, bias + j * kLanes);
    POMONA_UNROLL
    for (int i = 0; i < kCount; ++i) sums[i][j] = start;
  }
  const float* weights = job.weights + static_cast<std::ptrdiff_t>(panel) * kFirstTaps * kPanelWidth;
  POMONA_NO_UNROLL
  for (const float* const row : job.rows) {
    const float* const source = row + column * 3;
    POMONA_NO_UNROLL
    for (int tap = 0; tap < kTapsARow; ++tap) {
      V kernel[kVectors];
      POMONA_UNROLL
      for (int j = 0; j < kVectors; ++j) kernel[j] = hn::Load(d, weights + j * kLanes);
      weights += kPanelWidth;
      POMONA_UNROLL
      for (int i = 0; i < kCount; ++i) {
        const V value = hn::Set(d, source[tap + 3 * i]);
        POMONA_UNROLL
        for (int j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(value, kernel[j], sums[i][j]);
      }
    }
  }
  POMONA_UNROLL
  for (int j = 0; j < kVectors; ++j) {
    const int output = panel * kPanelWidth + j * kLanes;
    float* const target = job.map + output / kChannelBlock * job.map_block_stride + output % kChannelBlock +
                          static_cast<std::ptrdiff_t>(column) * kChannelBlock;
    POMONA_UNROLL
    for (int i = 0; i < kCount; ++i) {
      hn::Store(hn::Max(hn::Zero(d), sums[i][j]), d, target + i * kChannelBlock);
    }
  }
}

void Convolve(const FirstConvolutionJob& job) {
  for (int panel = 0; panel < job.panels; ++panel) {
    int column = 0;
    for (; column + kPixels <= job.width; column += kPixels) ConvolvePixels<kPixels>(job, panel, column);
    for (; column + 2 <= job.width; column += 2) ConvolvePixels<2>(job, panel, column);
    for (; column < job.width; ++column) ConvolvePixels<1>(job, panel, column);
  }
}

void SubtractMean(const std::uint8_t* HWY_RESTRICT pixels, const float* HWY_RESTRICT mean, int count,
                  float* HWY_RESTRICT target) {
  const D d;
  const hn::Rebind<std::uint8_t, D> d8;
  const hn::Rebind<std::int32_t, D> d32;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V values = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, pixels + i)));
    hn::StoreU(hn::Sub(values, hn::LoadU(d, mean + i)), d, target + i);
  }
  for (; i < count; ++i) target[i] = static_cast<float>(pixels[i]) - mean[i];
}

}  // namespace

FirstConvolution FirstConvolutionOfTarget() { return {kPanelWidth, Convolve, SubtractMean}; }

}  // namespace pomona::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "pomona/base/target_table.h"

namespace pomona::winograd {

const FirstConvolution& FirstConvolutionFor(SimdTarget target) {
  static const TargetTable<FirstConvolution> kTable = POMONA_FOR_EACH_TARGET(FirstConvolutionOfTarget);
  return ForTarget(kTable, target);
}

}  // namespace pomona::winograd
#endif
