#include "pomona/image/resize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

// Highway compiles this file once for each instruction set and picks one at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pomona/image/resize_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pomona {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kHalf = 1 << (kCoefficientBits - 1);

/// The two taps of a pair, whole again.
struct Taps {
  Taps(std::int32_t high, std::int32_t low)
      : first(static_cast<std::int16_t>(high & 0xFFFF) * (1 << kLowBits) + (low & 0xFFFF)),
        second((high >> 16) * (1 << kLowBits) + (low >> 16)) {}
  std::int32_t first;
  std::int32_t second;
};

std::uint8_t RoundedSample(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kCoefficientBits, 0, 255));
}

/// One output row, sample by sample: for rows narrower than any vector and processors without one.
void AlongColumnsScalar(const std::uint8_t* const* rows, std::size_t row_pairs, const std::int32_t* high,
                        const std::int32_t* low, std::size_t row_bytes, std::uint8_t* target) {
  for (std::size_t x = 0; x < row_bytes; ++x) {
    std::int32_t sum = kHalf;
    for (std::size_t pair = 0; pair < row_pairs; ++pair) {
      const Taps taps(high[pair], low[pair]);
      sum += rows[2 * pair][x] * taps.first + rows[2 * pair + 1][x] * taps.second;
    }
    target[x] = RoundedSample(sum);
  }
}

#if HWY_TARGET == HWY_SCALAR

void AlongRowsScalar(const std::uint8_t* source, const AxisTable& table, std::uint8_t* target) {
  const auto pairs = static_cast<std::size_t>(table.pairs);
  for (std::size_t x = 0; x < static_cast<std::size_t>(table.out_size); ++x, target += 3) {
    const std::uint8_t* pixel = source + static_cast<std::size_t>(table.first[x]) * 3;
    std::array<std::int32_t, 3> sums = {kHalf, kHalf, kHalf};
    for (std::size_t pair = 0; pair < (static_cast<std::size_t>(table.count[x]) + 1) / 2; ++pair, pixel += 6) {
      const Taps taps(table.high[x * pairs + pair], table.low[x * pairs + pair]);
      for (std::size_t c = 0; c < 3; ++c) sums[c] += pixel[c] * taps.first + pixel[c + 3] * taps.second;
    }
    for (std::size_t c = 0; c < 3; ++c) target[c] = RoundedSample(sums[c]);
  }
}

#else

/// Index of a byte that TableLookupBytesOr0 turns into 0.
constexpr std::uint8_t kZero = 0x80;

/// Two running sums, of products with the high and with the low halves of the coefficients.
template <class D32>
class Sum {
 public:
  explicit Sum(D32 d) : high_(hn::Zero(d)), high_odd_(hn::Zero(d)), low_(hn::Set(d, kHalf)), low_odd_(hn::Zero(d)) {}

  template <class V16>
  HWY_INLINE void Add(D32 d, V16 samples, V16 high, V16 low) {
    high_ = hn::ReorderWidenMulAccumulate(d, samples, high, high_, high_odd_);
    low_ = hn::ReorderWidenMulAccumulate(d, samples, low, low_, low_odd_);
  }

  /// \return the rounded sums, 0 to 255
  HWY_INLINE hn::Vec<D32> Finish(D32 d) const {
    const auto high = hn::RearrangeToOddPlusEven(high_, high_odd_);
    const auto low = hn::RearrangeToOddPlusEven(low_, low_odd_);
    const auto sum = hn::ShiftRight<kCoefficientBits>(hn::Add(hn::ShiftLeft<kLowBits>(high), low));
    return hn::Min(hn::Max(sum, hn::Zero(d)), hn::Set(d, 255));
  }

 private:
  hn::Vec<D32> high_, high_odd_, low_, low_odd_;
};

/// Sixteen bytes at `offset` of each row, one row a 128-bit block.
template <class D>
HWY_INLINE hn::Vec<D> LoadBlocks(D d, const std::uint8_t* const* rows, std::size_t offset) {
  if constexpr (hn::MaxLanes(d) <= 16) {
    return hn::LoadU(d, rows[0] + offset);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, LoadBlocks(half, rows + hn::MaxLanes(half) / 16, offset), LoadBlocks(half, rows, offset));
  }
}

/// Resizes as many rows together as the vector has 128-bit blocks.
template <class D8>
void AlongRows(D8 d8, const std::uint8_t* const* source, const AxisTable& table, std::uint8_t* const* target) {
  const hn::Repartition<std::int16_t, D8> d16;
  const hn::Repartition<std::int32_t, D8> d32;
  constexpr std::size_t kRows = hn::MaxLanes(d8) / 16;
  // Of four RGB pixels in a block, the samples of the first two and of the last two as 16-bit pairs r r g g b b 0 0.
  alignas(16) static constexpr std::uint8_t kFirstTwo[16] = {0, kZero, 3, kZero, 1,     kZero, 4,     kZero,
                                                             2, kZero, 5, kZero, kZero, kZero, kZero, kZero};
  alignas(16) static constexpr std::uint8_t kLastTwo[16] = {6, kZero, 9,  kZero, 7,     kZero, 10,    kZero,
                                                            8, kZero, 11, kZero, kZero, kZero, kZero, kZero};
  alignas(16) static constexpr std::uint8_t kLowBytes[16] = {0,     4,     8,     kZero, kZero, kZero, kZero, kZero,
                                                             kZero, kZero, kZero, kZero, kZero, kZero, kZero, kZero};
  const auto first_two = hn::LoadDup128(d8, kFirstTwo);
  const auto last_two = hn::LoadDup128(d8, kLastTwo);
  const auto low_bytes = hn::LoadDup128(d8, kLowBytes);

  alignas(64) std::array<std::uint8_t, kRows * 16> pixels;
  const auto pairs = static_cast<std::size_t>(table.pairs);
  for (std::size_t x = 0; x < static_cast<std::size_t>(table.out_size); ++x) {
    const std::int32_t* high = table.high.data() + x * pairs;
    const std::int32_t* low = table.low.data() + x * pairs;
    std::size_t offset = static_cast<std::size_t>(table.first[x]) * 3;
    Sum sum(d32);
    for (int taps = table.count[x]; taps > 0; taps -= 4) {
      const auto four = LoadBlocks(d8, source, offset);
      const auto a = hn::BitCast(d16, hn::TableLookupBytesOr0(four, first_two));
      const auto b = hn::BitCast(d16, hn::TableLookupBytesOr0(four, last_two));
      sum.Add(d32, a, hn::BitCast(d16, hn::Set(d32, high[0])), hn::BitCast(d16, hn::Set(d32, low[0])));
      sum.Add(d32, b, hn::BitCast(d16, hn::Set(d32, high[1])), hn::BitCast(d16, hn::Set(d32, low[1])));
      high += 2;
      low += 2;
      offset += 12;
    }
    hn::Store(hn::TableLookupBytesOr0(hn::BitCast(d8, sum.Finish(d32)), low_bytes), d8, pixels.data());
    // A fourth byte is faster than three, and the next pixel overwrites it.
    if (x + 1 < static_cast<std::size_t>(table.out_size)) {
      for (std::size_t row = 0; row < kRows; ++row) std::memcpy(target[row] + x * 3, pixels.data() + row * 16, 4);
    } else {
      for (std::size_t row = 0; row < kRows; ++row) std::memcpy(target[row] + x * 3, pixels.data() + row * 16, 3);
    }
  }
}

/// One output row of `row_bytes >= Lanes(d8)` samples.
template <class D8>
void AlongColumns(D8 d8, const std::uint8_t* const* rows, std::size_t row_pairs, const std::int32_t* high,
                  const std::int32_t* low, std::size_t row_bytes, std::uint8_t* target) {
  const hn::Repartition<std::uint16_t, D8> du16;
  const hn::Repartition<std::int16_t, D8> d16;
  const hn::Repartition<std::int32_t, D8> d32;
  alignas(16) static constexpr std::uint8_t kToLower[16] = {0,     1,     4,     5,     8,     9,     12,    13,
                                                            kZero, kZero, kZero, kZero, kZero, kZero, kZero, kZero};
  alignas(16) static constexpr std::uint8_t kToUpper[16] = {kZero, kZero, kZero, kZero, kZero, kZero, kZero, kZero,
                                                            0,     1,     4,     5,     8,     9,     12,    13};
  const auto to_lower = hn::LoadDup128(d8, kToLower);
  const auto to_upper = hn::LoadDup128(d8, kToUpper);
  const auto low_byte = hn::Set(du16, 0x00FF);
  const std::size_t lanes = hn::Lanes(d8);

  for (std::size_t x = 0;;) {
    // Samples 0 2 4 6, 8 10 12 14, 1 3 5 7 and 9 11 13 15 of each block.
    Sum even_lower(d32);
    Sum even_upper(d32);
    Sum odd_lower(d32);
    Sum odd_upper(d32);
    for (std::size_t pair = 0; pair < row_pairs; ++pair) {
      const auto a = hn::BitCast(du16, hn::LoadU(d8, rows[2 * pair] + x));
      const auto b = hn::BitCast(du16, hn::LoadU(d8, rows[2 * pair + 1] + x));
      const auto a_even = hn::BitCast(d16, hn::And(a, low_byte));
      const auto b_even = hn::BitCast(d16, hn::And(b, low_byte));
      const auto a_odd = hn::BitCast(d16, hn::ShiftRight<8>(a));
      const auto b_odd = hn::BitCast(d16, hn::ShiftRight<8>(b));
      const auto h = hn::BitCast(d16, hn::Set(d32, high[pair]));
      const auto l = hn::BitCast(d16, hn::Set(d32, low[pair]));
      even_lower.Add(d32, hn::InterleaveLower(d16, a_even, b_even), h, l);
      even_upper.Add(d32, hn::InterleaveUpper(d16, a_even, b_even), h, l);
      odd_lower.Add(d32, hn::InterleaveLower(d16, a_odd, b_odd), h, l);
      odd_upper.Add(d32, hn::InterleaveUpper(d16, a_odd, b_odd), h, l);
    }
    const auto lower = hn::Or(even_lower.Finish(d32), hn::ShiftLeft<8>(odd_lower.Finish(d32)));
    const auto upper = hn::Or(even_upper.Finish(d32), hn::ShiftLeft<8>(odd_upper.Finish(d32)));
    hn::StoreU(hn::Or(hn::TableLookupBytesOr0(hn::BitCast(d8, lower), to_lower),
                      hn::TableLookupBytesOr0(hn::BitCast(d8, upper), to_upper)),
               d8, target + x);
    if (x + lanes >= row_bytes) return;
    x = std::min(x + lanes, row_bytes - lanes);  // the last step overlaps the one before
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace

void ResizeAlongRowsImpl(const std::uint8_t* source, std::size_t source_stride, std::size_t rows,
                         const AxisTable& table, std::uint8_t* target) {
  const std::size_t target_row = static_cast<std::size_t>(table.out_size) * 3;
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t row = 0; row < rows; ++row) {
    AlongRowsScalar(source + row * source_stride, table, target + row * target_row);
  }
#else
  const hn::CappedTag<std::uint8_t, 64> d8;
  const hn::CappedTag<std::uint8_t, 16> one;
  constexpr std::size_t kRows = hn::MaxLanes(d8) / 16;
  std::size_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    std::array<const std::uint8_t*, kRows> from;
    std::array<std::uint8_t*, kRows> to;
    for (std::size_t i = 0; i < kRows; ++i) {
      from[i] = source + (row + i) * source_stride;
      to[i] = target + (row + i) * target_row;
    }
    AlongRows(d8, from.data(), table, to.data());
  }
  for (; row < rows; ++row) {
    const std::uint8_t* from = source + row * source_stride;
    std::uint8_t* to = target + row * target_row;
    AlongRows(one, &from, table, &to);
  }
#endif
}

void ResizeAlongColumnsImpl(const std::uint8_t* source, int first_row, std::size_t row_bytes, const AxisTable& table,
                            std::uint8_t* target) {
  const auto pairs = static_cast<std::size_t>(table.pairs);
  std::vector<const std::uint8_t*> rows(pairs * 2);
  for (std::size_t y = 0; y < static_cast<std::size_t>(table.out_size); ++y) {
    const int count = table.count[y];
    const std::size_t row_pairs = (static_cast<std::size_t>(count) + 1) / 2;
    for (int tap = 0; tap < 2 * static_cast<int>(row_pairs); ++tap) {
      const int row = table.first[y] - first_row + std::min(tap, count - 1);  // an odd last tap has the coefficient 0
      rows[static_cast<std::size_t>(tap)] = source + static_cast<std::size_t>(row) * row_bytes;
    }
    const std::int32_t* high = table.high.data() + y * pairs;
    const std::int32_t* low = table.low.data() + y * pairs;
    std::uint8_t* to = target + y * row_bytes;
#if HWY_TARGET != HWY_SCALAR
    const hn::CappedTag<std::uint8_t, 64> d8;
    const hn::CappedTag<std::uint8_t, 16> d8_short;
    if (row_bytes >= hn::Lanes(d8)) {
      AlongColumns(d8, rows.data(), row_pairs, high, low, row_bytes, to);
      continue;
    }
    if (row_bytes >= hn::Lanes(d8_short)) {
      AlongColumns(d8_short, rows.data(), row_pairs, high, low, row_bytes, to);
      continue;
    }
#endif
    AlongColumnsScalar(rows.data(), row_pairs, high, low, row_bytes, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pomona
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pomona {

HWY_EXPORT(ResizeAlongRowsImpl);
HWY_EXPORT(ResizeAlongColumnsImpl);

void ResizeAlongRows(const std::uint8_t* source, std::size_t source_stride, std::size_t rows, const AxisTable& table,
                     std::uint8_t* target) {
  HWY_DYNAMIC_DISPATCH(ResizeAlongRowsImpl)(source, source_stride, rows, table, target);
}

void ResizeAlongColumns(const std::uint8_t* source, int first_row, std::size_t row_bytes, const AxisTable& table,
                        std::uint8_t* target) {
  HWY_DYNAMIC_DISPATCH(ResizeAlongColumnsImpl)(source, first_row, row_bytes, table, target);
}

}  // namespace pomona
#endif
