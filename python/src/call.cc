#include "call.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include <nanobind/nanobind.h>

namespace nb = nanobind;

namespace pomona::python {

void RunWatched(const std::function<void()>& work, Cancellation* cancellation) {
  constexpr auto kLook = std::chrono::milliseconds(50);
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::exception_ptr thrown;
  std::optional<nb::python_error> signalled;
  {
    const nb::gil_scoped_release release;
    std::thread worker([&] {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::scoped_lock lock(mutex);
      done = true;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, kLook, [&] { return done; })) {
      if (signalled) continue;
      lock.unlock();
      {
        const nb::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) {
          signalled.emplace();
          cancellation->Cancel();
        }
      }
      lock.lock();
    }
    lock.unlock();
    worker.join();
  }
  if (signalled) throw *std::move(signalled);
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace pomona::python
