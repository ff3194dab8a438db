#include "pomona/features/winograd/tile_transforms.h"

#include <array>

#include "pomona/base/highway_targets.h"
#include "pomona/features/winograd/interpolation_points.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/features/winograd/tile_transforms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona::winograd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kChannelBlock>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

/// Coefficients, lowest first, of the product of (y - p^2) over the pairs of F(m, 3), `left_out` excepted.
template <int kTile>
constexpr std::array<float, 4> SquaresPolynomial(int left_out) {
  std::array<float, 4> coefficients = {1, 0, 0, 0};
  int degree = 0;
  for (int pair = 0; pair < PointPairs(kTile); ++pair) {
    if (pair == left_out) continue;
    const float square = kPointPairs[static_cast<std::size_t>(pair)] * kPointPairs[static_cast<std::size_t>(pair)];
    ++degree;
    for (int power = degree; power > 0; --power) {
      coefficients[static_cast<std::size_t>(power)] =
          coefficients[static_cast<std::size_t>(power) - 1] - square * coefficients[static_cast<std::size_t>(power)];
    }
    coefficients[0] *= -square;
  }
  return coefficients;
}

/// The sum of coefficient i times values[2 i] up to the degree, whose coefficient is 1.
template <int kDegree>
HWY_INLINE V Evaluate(const std::array<float, 4>& coefficients, const V* values) {
  const D d;
  V sum = values[2 * kDegree];
  POMONA_UNROLL
  for (int i = kDegree - 1; i >= 0; --i) {
    sum = hn::MulAdd(hn::Set(d, coefficients[static_cast<std::size_t>(i)]), values[2 * i], sum);
  }
  return sum;
}

/// out = B^T in. The row of +p is p even + odd and that of -p is odd - p even, with the polynomial of the other pairs
/// over the even and over the odd inputs.
template <int kTile>
HWY_INLINE void ApplyInputMatrix(const V* HWY_RESTRICT in, V* HWY_RESTRICT out) {
  const D d;
  constexpr int kPairs = PointPairs(kTile);
  constexpr int kZero = HasZeroPoint(kTile) ? 1 : 0;
  constexpr std::array<float, 4> kAll = SquaresPolynomial<kTile>(-1);
  if constexpr (kZero == 1) out[0] = Evaluate<kPairs>(kAll, in);
  POMONA_UNROLL
  for (int pair = 0; pair < kPairs; ++pair) {
    const std::array<float, 4> others = SquaresPolynomial<kTile>(pair);
    const float point = kPointPairs[static_cast<std::size_t>(pair)];
    const V odd = Evaluate<kPairs - 1>(others, in + kZero + 1);
    const V even = Evaluate<kPairs - 1>(others, in + kZero);
    if (point == 1.0F) {
      out[kZero + 2 * pair] = hn::Add(odd, even);
      out[kZero + 2 * pair + 1] = hn::Sub(odd, even);
    } else {
      out[kZero + 2 * pair] = hn::MulAdd(hn::Set(d, point), even, odd);
      out[kZero + 2 * pair + 1] = hn::NegMulAdd(hn::Set(d, point), even, odd);
    }
  }
  out[kTile + 1] = Evaluate<kPairs>(kAll, in + kZero);
}

constexpr float Power(float base, int exponent) { return exponent == 0 ? 1.0F : base * Power(base, exponent - 1); }

/// out = A^T in: output i is the sum of p^i (x+ + x-) for even and p^i (x+ - x-) for odd i.
template <int kTile>
HWY_INLINE void ApplyOutputMatrix(const V* HWY_RESTRICT in, V* HWY_RESTRICT out) {
  const D d;
  constexpr int kPairs = PointPairs(kTile);
  constexpr int kZero = HasZeroPoint(kTile) ? 1 : 0;
  static_assert(kPointPairs[0] == 1.0F);
  V sums[kPairs];
  V differences[kPairs];
  POMONA_UNROLL
  for (int pair = 0; pair < kPairs; ++pair) {
    sums[pair] = hn::Add(in[kZero + 2 * pair], in[kZero + 2 * pair + 1]);
    differences[pair] = hn::Sub(in[kZero + 2 * pair], in[kZero + 2 * pair + 1]);
  }
  POMONA_UNROLL
  for (int i = 0; i < kTile; ++i) {
    const V* const parts = i % 2 == 0 ? sums : differences;
    V value = parts[0];
    if (kZero == 1 && i == 0) value = hn::Add(value, in[0]);
    POMONA_UNROLL
    for (int pair = 1; pair < kPairs; ++pair) {
      if (i == 0) {
        value = hn::Add(value, parts[pair]);
      } else {
        value = hn::MulAdd(hn::Set(d, Power(kPointPairs[static_cast<std::size_t>(pair)], i)), parts[pair], value);
      }
    }
    if (i == kTile - 1) value = hn::Add(value, in[kTile + 1]);
    out[i] = value;
  }
}

HWY_INLINE void PrefetchToRead(const float* place) { __builtin_prefetch(place, 0, 3); }
HWY_INLINE void PrefetchToWrite(const float* place) { __builtin_prefetch(place, 1, 3); }

template <int kTile>
void TransformInput(const InputJob& job) {
  constexpr int kSize = TransformSize(kTile);
  const D d;
  const std::size_t count = job.tiles.size();
  for (int block = 0; block < job.channel_blocks; ++block) {
    const float* const map = job.map + block * job.map_block_stride;
    for (std::size_t tile = 0; tile < count; ++tile) {
      const float* const source = map + job.tiles[tile].source;
      const float* const next =
          tile + 1 < count ? map + job.tiles[tile + 1].source
                           : map + job.tiles[0].source + (block + 1 < job.channel_blocks ? job.map_block_stride : 0);
      float* const target = job.frequencies + (static_cast<std::size_t>(block) * count + tile) * kChannelBlock;
      for (int lane = 0; lane < kChannelBlock; lane += kLanes) {
        V rows[kSize * kSize];
        POMONA_NO_UNROLL
        for (int x = 0; x < kSize; ++x) {
          V in[kSize];
          V out[kSize];
          POMONA_UNROLL
          for (int y = 0; y < kSize; ++y) {
            const std::ptrdiff_t place = y * job.map_row_stride + x * kChannelBlock + lane;
            in[y] = hn::Load(d, source + place);
            if (lane == 0) PrefetchToRead(next + place);
          }
          ApplyInputMatrix<kTile>(in, out);
          POMONA_UNROLL
          for (int y = 0; y < kSize; ++y) rows[y * kSize + x] = out[y];
        }
        float* plane = target + lane;
        POMONA_NO_UNROLL
        for (int y = 0; y < kSize; ++y) {
          V out[kSize];
          ApplyInputMatrix<kTile>(rows + y * kSize, out);
          POMONA_UNROLL
          for (int x = 0; x < kSize; ++x) {
            hn::Store(out[x], d, plane);
            if (lane == 0) PrefetchToWrite(plane + kChannelBlock);
            plane += job.plane_stride;
          }
        }
      }
    }
  }
}

/// Bias and rectifier, after the pooling where there is any: rounding keeps the order, so the maximum of sums is the
/// sum of the maximum.
HWY_INLINE V Rectify(V value, V bias) { return hn::Max(hn::Zero(D()), hn::Add(value, bias)); }

template <int kCount>
HWY_INLINE void StoreColumn(const V* values, int rows, std::ptrdiff_t row_stride, float* target) {
  const D d;
  if (rows == kCount) {
    POMONA_UNROLL
    for (int y = 0; y < kCount; ++y) hn::Store(values[y], d, target + y * row_stride);
  } else {
    for (int y = 0; y < rows; ++y) hn::Store(values[y], d, target + y * row_stride);
  }
}

/// One tile of one vector of channels: from frequencies to outputs.
template <int kTile, bool kPooled>
HWY_INLINE void TransformOutputTile(const OutputJob& job, const float* source, V bias, const TilePlace& place,
                                    float* target) {
  constexpr int kSize = TransformSize(kTile);
  const D d;
  V columns[kTile * kSize];  // column x, row frequency y
  POMONA_NO_UNROLL
  for (int y = 0; y < kSize; ++y) {
    V in[kSize];
    V out[kTile];
    POMONA_UNROLL
    for (int x = 0; x < kSize; ++x) {
      in[x] = hn::Load(d, source);
      PrefetchToRead(source + kChannelBlock);
      source += job.plane_stride;
    }
    ApplyOutputMatrix<kTile>(in, out);
    POMONA_UNROLL
    for (int x = 0; x < kTile; ++x) columns[x * kSize + y] = out[x];
  }
  if constexpr (kPooled) {
    constexpr int kHalf = kTile / 2;
    POMONA_NO_UNROLL
    for (int x = 0; x < place.columns; ++x) {
      V left[kTile];
      V right[kTile];
      V largest[kHalf];
      ApplyOutputMatrix<kTile>(columns + 2 * x * kSize, left);
      ApplyOutputMatrix<kTile>(columns + (2 * x + 1) * kSize, right);
      POMONA_UNROLL
      for (int y = 0; y < kHalf; ++y) {
        const V upper = hn::Max(left[2 * y], right[2 * y]);
        const V lower = hn::Max(left[2 * y + 1], right[2 * y + 1]);
        largest[y] = Rectify(hn::Max(upper, lower), bias);
      }
      StoreColumn<kHalf>(largest, place.rows, job.map_row_stride, target + x * kChannelBlock);
    }
  } else {
    POMONA_NO_UNROLL
    for (int x = 0; x < place.columns; ++x) {
      V values[kTile];
      ApplyOutputMatrix<kTile>(columns + x * kSize, values);
      POMONA_UNROLL
      for (int y = 0; y < kTile; ++y) values[y] = Rectify(values[y], bias);
      StoreColumn<kTile>(values, place.rows, job.map_row_stride, target + x * kChannelBlock);
    }
  }
}

template <int kTile, bool kPooled>
void TransformOutput(const OutputJob& job) {
  const D d;
  const std::size_t count = job.tiles.size();
  for (int block = 0; block < job.output_blocks; ++block) {
    float* const map = job.map + block * job.map_block_stride;
    for (std::size_t tile = 0; tile < count; ++tile) {
      const TilePlace& place = job.tiles[tile];
      if (tile + 1 < count) {
        const TilePlace& next = job.tiles[tile + 1];
        for (int y = 0; y < next.rows; ++y) {
          for (int x = 0; x < next.columns; ++x) {
            PrefetchToWrite(map + next.target + y * job.map_row_stride + x * kChannelBlock);
          }
        }
      }
      const float* const source = job.frequencies + (static_cast<std::size_t>(block) * count + tile) * kChannelBlock;
      for (int lane = 0; lane < kChannelBlock; lane += kLanes) {
        const V bias = hn::Load(d, job.bias + block * kChannelBlock + lane);
        TransformOutputTile<kTile, kPooled>(job, source + lane, bias, place, map + place.target + lane);
      }
    }
  }
}

}  // namespace

TileTransforms TileTransformsOfTarget() {
  TileTransforms transforms;
  transforms.input[2] = TransformInput<2>;
  transforms.input[3] = TransformInput<3>;
  transforms.input[4] = TransformInput<4>;
  transforms.input[5] = TransformInput<5>;
  transforms.input[6] = TransformInput<6>;
  transforms.output[2] = TransformOutput<2, false>;
  transforms.output[3] = TransformOutput<3, false>;
  transforms.output[4] = TransformOutput<4, false>;
  transforms.output[5] = TransformOutput<5, false>;
  transforms.output[6] = TransformOutput<6, false>;
  transforms.pooled[2] = TransformOutput<2, true>;
  transforms.pooled[4] = TransformOutput<4, true>;
  transforms.pooled[6] = TransformOutput<6, true>;
  return transforms;
}

}  // namespace pomona::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "pomona/base/target_table.h"

namespace pomona::winograd {

const TileTransforms& TileTransformsFor(SimdTarget target) {
  static const TargetTable<TileTransforms> kTable = POMONA_FOR_EACH_TARGET(TileTransformsOfTarget);
  return ForTarget(kTable, target);
}

}  // namespace pomona::winograd
#endif
