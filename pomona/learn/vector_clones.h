#pragma once

/// \file
/// \brief `POMONA_VECTOR_CLONES` before a function: the compiler makes it for several instruction sets and the
/// program picks one when it starts.
///
/// For loops whose result does not depend on the width of a vector, because each output has its own order of
/// additions; with contraction off (see CMakeLists.txt) all clones give the same bits.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define POMONA_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define POMONA_VECTOR_CLONES
#endif
