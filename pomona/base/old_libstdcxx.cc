#include <condition_variable>
#include <mutex>

#include <pthread.h>

#if defined(__GLIBCXX__) && defined(__linux__)

// GCC 12 gave std::condition_variable::wait a new version, GLIBCXX_3.4.30, without changing what it does. Amazon Linux
// 2023 and others whose libstdc++ is GCC 11's (GLIBCXX_3.4.29) lack that one symbol of all that Pomona uses. So it is
// defined here, by its mangled name, for this library alone: hidden, it replaces nobody else's.
extern "C" [[gnu::visibility("hidden")]] void               //
_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(  // NOLINT(bugprone-reserved-identifier)
    std::condition_variable* condition, std::unique_lock<std::mutex>* lock) {
  pthread_cond_wait(condition->native_handle(), lock->mutex()->native_handle());
}

#endif
