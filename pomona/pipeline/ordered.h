#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "pomona/base/cancellation.h"
#include "pomona/base/parallel.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief Produces values for i in [0, count) on several threads and consumes them in order, one at a time.
///
/// No more than three values a thread wait to be consumed, so memory does not depend on `count`.
template <typename T>
Status ParallelInOrder(std::int64_t count, int threads, const std::function<Result<T>(std::int64_t)>& produce,
                       const std::function<Status(std::int64_t, T)>& consume, const Cancellation* cancellation) {
  const std::int64_t ahead = 3 * static_cast<std::int64_t>(std::max(threads, 1));
  std::mutex mutex;
  std::condition_variable moved;
  std::map<std::int64_t, T> waiting;
  std::int64_t next = 0;
  bool consuming = false;
  bool stopped = false;

  const auto pass_on = [&](std::int64_t i, T value) -> Status {
    std::unique_lock lock(mutex);
    waiting.emplace(i, std::move(value));
    if (consuming) return Status::OK();
    consuming = true;
    for (auto ready = waiting.find(next); ready != waiting.end(); ready = waiting.find(next)) {
      T taken = std::move(ready->second);
      waiting.erase(ready);
      lock.unlock();
      ARROW_RETURN_NOT_OK(consume(next, std::move(taken)));
      lock.lock();
      ++next;
      moved.notify_all();
    }
    consuming = false;
    return Status::OK();
  };
  const auto task = [&](std::int64_t i) -> Status {
    {
      std::unique_lock lock(mutex);
      moved.wait(lock, [&] { return stopped || i < next + ahead; });
      if (stopped) return Status::OK();
    }
    Result<T> value = produce(i);
    Status status = value.status();
    if (status.ok()) status = pass_on(i, std::move(value).MoveValueUnsafe());
    if (!status.ok()) {
      const std::lock_guard lock(mutex);
      stopped = true;
      moved.notify_all();
    }
    return status;
  };
  return ParallelFor(count, threads, task, cancellation);
}

}  // namespace pomona
