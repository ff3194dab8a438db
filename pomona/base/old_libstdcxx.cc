#include <condition_variable>
#include <mutex>

#include <pthread.h>

// What GCC 12 moved into libstdc++, under GLIBCXX_3.4.30, without changing what it does. Amazon Linux 2023 and others
// whose libstdc++ is GCC 11's (GLIBCXX_3.4.29) lack these two symbols of all that Pomona uses. So they are defined
// here, by their mangled names, for the object alone that this file is linked into: hidden, they replace nobody else's.
#if defined(__GLIBCXX__) && defined(__linux__)

extern "C" [[gnu::visibility("hidden")]] void               //
_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(  // NOLINT(bugprone-reserved-identifier)
    std::condition_variable* condition, std::unique_lock<std::mutex>* lock) {
  pthread_cond_wait(condition->native_handle(), lock->mutex()->native_handle());
}

// std::__glibcxx_assert_fail, which says what _GLIBCXX_ASSERTIONS found, and aborts: glibc's does the same.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" [[noreturn]] void __assert_fail(const char* condition, const char* file, unsigned line,
                                           const char* function) noexcept;
extern "C" [[gnu::visibility("hidden"), noreturn]] void _ZSt21__glibcxx_assert_failPKciS0_S0_(const char* file,
                                                                                              int line,
                                                                                              const char* function,
                                                                                              const char* condition) {
  __assert_fail(condition, file, static_cast<unsigned>(line), function);
}
// NOLINTEND(bugprone-reserved-identifier)

#endif
