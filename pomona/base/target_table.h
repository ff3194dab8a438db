#pragma once

#include <array>
#include <cstddef>

#include <hwy/highway.h>

#include "pomona/base/simd_target.h"

// Where `Function` exists in the namespace of each compiled instruction set: its results, in the order of SimdTarget.
// For the last part of a file that Highway compiles for each of them.
#if HWY_TARGETS & HWY_AVX3
#define POMONA_ON_AVX512(Function) N_AVX3::Function()
#else
#define POMONA_ON_AVX512(Function) \
  {                                \
  }
#endif
#if HWY_TARGETS & HWY_AVX2
#define POMONA_ON_AVX2(Function) N_AVX2::Function()
#else
#define POMONA_ON_AVX2(Function) \
  {                              \
  }
#endif
#if HWY_TARGETS & HWY_SSE4
#define POMONA_ON_SSE4(Function) N_SSE4::Function()
#else
#define POMONA_ON_SSE4(Function) \
  {                              \
  }
#endif
#if HWY_TARGETS & HWY_NEON
#define POMONA_ON_NEON(Function) N_NEON::Function()
#else
#define POMONA_ON_NEON(Function) \
  {                              \
  }
#endif
#if HWY_TARGETS & HWY_EMU128
#define POMONA_ON_GENERIC(Function) N_EMU128::Function()
#elif HWY_TARGETS & HWY_SCALAR
#define POMONA_ON_GENERIC(Function) N_SCALAR::Function()
#else
#define POMONA_ON_GENERIC(Function) \
  {                                 \
  }
#endif
// The inner braces are those of the array inside std::array: a first element that is {} would be taken for them.
#define POMONA_FOR_EACH_TARGET(Function)                                                                        \
  {                                                                                                             \
    {                                                                                                           \
      POMONA_ON_AVX512(Function), POMONA_ON_AVX2(Function), POMONA_ON_SSE4(Function), POMONA_ON_NEON(Function), \
          POMONA_ON_GENERIC(Function)                                                                           \
    }                                                                                                           \
  }

namespace pomona {

/// The functions of a concept, one set an instruction set.
template <typename Functions>
using TargetTable = std::array<Functions, 5>;

template <typename Functions>
const Functions& ForTarget(const TargetTable<Functions>& table, SimdTarget target) {
  return table[static_cast<std::size_t>(target)];
}

}  // namespace pomona
