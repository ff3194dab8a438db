// The one function of Fortran's runtime that the LAPACK routines which Pomona calls ask for. With it the wheel carries
// neither libgfortran nor libquadmath.
#include <algorithm>
#include <cstddef>

/// Fortran's `target = first // second`: cut to the target's length, or filled up with blanks.
extern "C" [[gnu::visibility("hidden")]] void  //
_gfortran_concat_string(std::size_t target_size, char* target, std::size_t first_size, const char* first,
                        std::size_t second_size, const char* second) {
  char* const end = target + target_size;
  target = std::copy_n(first, std::min(first_size, target_size), target);
  target = std::copy_n(second, std::min(second_size, static_cast<std::size_t>(end - target)), target);
  std::fill(target, end, ' ');
}
