#include "pomona/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "pomona/base/exhaustion.h"

namespace pomona {

Status ParallelFor(std::int64_t count, int threads, const std::function<Status(std::int64_t)>& task,
                   const Cancellation* cancellation) {
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  Status first_error;
  std::int64_t first_error_index = count;

  auto work = [&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const std::int64_t index = next.fetch_add(1);
      if (index >= count) return;
      Status status = cancellation != nullptr ? cancellation->Check() : Status::OK();
      if (status.ok()) status = CatchExhaustion([&] { return task(index); });
      if (status.ok()) continue;
      stop.store(true, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (index < first_error_index) {
        first_error_index = index;
        first_error = std::move(status);
      }
    }
  };

  const int helpers = static_cast<int>(std::min<std::int64_t>(std::max(threads, 1), count)) - 1;
  std::vector<std::jthread> pool;
  pool.reserve(static_cast<std::size_t>(std::max(helpers, 0)));
  // Where the system starts no further thread, those that are there, this one at least, do all the work.
  const auto start_one = [&] {
    try {
      pool.emplace_back(work);
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  };
  for (int i = 0; i < helpers && start_one(); ++i) {
  }
  work();
  pool.clear();
  return first_error;
}

}  // namespace pomona
