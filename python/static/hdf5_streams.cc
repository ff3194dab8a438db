// The system's static HDF5 is compiled for programs, and reads stdin, stdout and stderr at a fixed distance, which a
// shared library cannot offer for what is libc's. The linker turns these three names into those below (--wrap).
#include <cstdio>

// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
extern FILE* __real_stdin;
extern FILE* __real_stdout;
extern FILE* __real_stderr;
[[gnu::visibility("hidden")]] FILE* __wrap_stdin = nullptr;
[[gnu::visibility("hidden")]] FILE* __wrap_stdout = nullptr;
[[gnu::visibility("hidden")]] FILE* __wrap_stderr = nullptr;
}

namespace {

[[gnu::constructor(101)]] void TakeStreams() {  // before any other constructor of this library
  __wrap_stdin = __real_stdin;
  __wrap_stdout = __real_stdout;
  __wrap_stderr = __real_stderr;
}

}  // namespace
// NOLINTEND(bugprone-reserved-identifier)
