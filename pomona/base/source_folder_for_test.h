#pragma once

namespace pomona {

/// The repository's folder, for tests and benchmarks that read files of it.
///
/// A variable that the build defines in one object file (cmake/PomonaModule.cmake), not a macro: so a compiler cache
/// knows the tests again in another clone.
extern const char* const kSourceFolder;

}  // namespace pomona
