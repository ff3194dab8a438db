#pragma once

#include <bit>
#include <cstdint>

namespace pomona {

/// \brief Random bits that belong to a place, not to a moment: the same on every machine and in any order.
///
/// Source: the finaliser of SplitMix64 (Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014), applied to the place.
constexpr std::uint64_t RandomBits(std::uint64_t seed, std::uint64_t place) {
  std::uint64_t bits = seed + (place + 1) * 0x9E3779B97F4A7C15U;
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  return bits ^ (bits >> 31U);
}

/// \brief A number of mean 0 and variance 1, close to normal: the sum of twelve uniform 16-bit numbers, shifted.
///
/// Exact integer arithmetic up to one division by a power of two, so that no mathematics library takes part: logarithm
/// and cosine differ in bits between versions and processors.
constexpr double RandomNormal(std::uint64_t seed, std::uint64_t place) {
  std::int64_t sum = 0;
  for (std::uint64_t part = 0; part < 3; ++part) {
    std::uint64_t bits = RandomBits(seed, 3 * place + part);
    for (int i = 0; i < 4; ++i, bits >>= 16U) sum += static_cast<std::int64_t>(bits & 0xFFFFU);
  }
  return static_cast<double>(2 * sum - 12 * 0xFFFF) / 131072.0;
}

}  // namespace pomona
