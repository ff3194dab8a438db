#pragma once

// To be included before any header of Highway by what is compiled once for each instruction set.

#include <hwy/detect_targets.h>

// SSSE3 would be a fifth copy of the code for processors from before 2008; they run the generic one. SVE's vectors have
// no size at compile time, so they cannot form the register blocks of the matrix kernel; its processors run NEON, with
// the same peak where the vectors of SVE are 128 bits wide (Neoverse V2, N2) or half as many (V1).
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

// A loop of known count whose body indexes an array of vectors must be unrolled, or the array lives in memory.
#if defined(__clang__)
#define POMONA_UNROLL _Pragma("clang loop unroll(full)")
#else
#define POMONA_UNROLL _Pragma("GCC unroll 16")
#endif
#define POMONA_NO_UNROLL _Pragma("GCC unroll 1")
