#include "pomona/learn/product_kernel.h"

#include <array>

#include "pomona/base/highway_targets.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/learn/product_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors a panel and rows at once: as many sums as there are registers for, beside the panel and one row's value.
#if HWY_TARGET == HWY_AVX3
constexpr int kVectors = 3;
constexpr int kRows = 8;
#elif HWY_TARGET == HWY_NEON
constexpr int kVectors = 4;
constexpr int kRows = 4;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kVectors = 4;
constexpr int kRows = 2;
#elif HWY_TARGET == HWY_AVX2
constexpr int kVectors = 3;
constexpr int kRows = 4;
#else
constexpr int kVectors = 3;
constexpr int kRows = 3;
#endif

constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::ScalableTag<double>()));
constexpr int kPanelWidth = kVectors * kLanes;
static_assert(kPanelWidth % kRows == 0);

// Of the rows, a line a step comes from the second-level cache: it is asked for so many steps before.
constexpr std::ptrdiff_t kAhead = 16;

template <int kUsed>
void MultiplyVectors(const ProductTile& tile) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  V sums[kRows][kUsed];
  POMONA_UNROLL
  for (int r = 0; r < kRows; ++r) {
    POMONA_UNROLL
    for (int v = 0; v < kUsed; ++v) sums[r][v] = hn::Zero(d);
  }
  const double* HWY_RESTRICT rows = tile.rows;
  const double* HWY_RESTRICT panel = tile.panel;
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kUsed; ++v) __builtin_prefetch(tile.out + r * tile.out_stride + v * kLanes, 1, 3);
  }
  for (std::ptrdiff_t k = 0; k < tile.depth; ++k, rows += kPanelWidth, panel += kPanelWidth) {
    __builtin_prefetch(rows + kAhead * kPanelWidth, 0, 3);
    V columns[kUsed];
    POMONA_UNROLL
    for (int v = 0; v < kUsed; ++v) columns[v] = hn::LoadU(d, panel + v * kLanes);
    POMONA_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const V value = hn::Set(d, rows[r]);
      POMONA_UNROLL
      for (int v = 0; v < kUsed; ++v) sums[r][v] = hn::MulAdd(value, columns[v], sums[r][v]);
    }
  }
  const V factor = hn::Set(d, tile.factor);
  POMONA_UNROLL
  for (int r = 0; r < kRows; ++r) {
    double* const out = tile.out + r * tile.out_stride;
    POMONA_UNROLL
    for (int v = 0; v < kUsed; ++v) {
      const V product = hn::Mul(factor, sums[r][v]);
      hn::StoreU(tile.add ? hn::Add(hn::LoadU(d, out + v * kLanes), product) : product, d, out + v * kLanes);
    }
  }
}

void Multiply(const ProductTile& tile) {
  static constexpr std::array kFunctions = {
      MultiplyVectors<1>,
      MultiplyVectors<2>,
      MultiplyVectors<3>,
#if HWY_TARGET == HWY_NEON || HWY_TARGET == HWY_SCALAR
      MultiplyVectors<4>,
#endif
  };
  static_assert(kFunctions.size() == kVectors);
  kFunctions[static_cast<std::size_t>((tile.columns - 1) / kLanes)](tile);
}

}  // namespace

ProductKernel ProductKernelOfTarget() { return {kPanelWidth, kRows, kLanes, Multiply}; }

}  // namespace pomona::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "pomona/base/target_table.h"

namespace pomona {

const ProductKernel& ProductKernelFor(SimdTarget target) {
  static const TargetTable<ProductKernel> kTable = POMONA_FOR_EACH_TARGET(ProductKernelOfTarget);
  return ForTarget(kTable, target);
}

}  // namespace pomona
#endif
