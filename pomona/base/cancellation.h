#pragma once

#include <atomic>

#include "pomona/base/status.h"

namespace pomona {

/// \brief A flag that long work looks at between small steps.
///
/// Thread safety: all calls may run together; `Cancel` may be called from a signal handler.
class Cancellation {
 public:
  void Cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

  /// \return Cancelled after `Cancel`, else OK
  Status Check() const { return cancelled() ? Status::Cancelled("interrupted") : Status::OK(); }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace pomona
