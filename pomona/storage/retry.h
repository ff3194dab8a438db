#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief How often a request is tried, and how long is waited in between.
struct RetryPolicy {
  int attempts = 12;             ///< tries of one request, the first included
  double first_delay_s = 0.1;    ///< seconds before the second try; doubles from try to try
  double longest_delay_s = 5.0;  ///< seconds; every delay is shortened by up to half, at random
  std::int64_t budget = 1'000;   ///< retries that may be spent before requests that succeed pay for more

  /// Looked at while waiting; may be null.
  const Cancellation* cancellation = nullptr;
};

/// \brief An error that may be gone at the next try: 429, 500, 503, a reset, a stall, a truncated body.
Status TransientError(std::string message);
bool IsTransient(const Status& status);

/// \brief The store is down altogether, or fails so often that the run's budget of retries is spent.
///
/// The run must stop, to be resumed later: the objects are not to blame.
Status StoreDown(std::string message);
bool IsStoreDown(const Status& status);

/// \brief Tries again what fails for the moment; one object a store and run.
///
/// Every request that succeeds earns one retry, up to the budget; every retry costs one. So a store that fails at less
/// than half of its requests is waited for, however long the run, and one that fails at more ends it.
///
/// Thread safety: calls may run together.
class Retrier {
 public:
  explicit Retrier(RetryPolicy policy) : policy_(policy), left_(policy.budget) {}

  /// \brief Calls `attempt` until it succeeds, fails for good, or was tried often enough.
  ///
  /// \param[in] is_alive asked when all tries failed and no other request succeeded meanwhile: whether the store
  /// answers
  ///            at all; may be empty
  /// \return the last error with the number of tries; `StoreDown`; Cancelled
  Status Run(const std::function<Status()>& attempt, const std::function<bool()>& is_alive = {});

  /// \brief Retries so far.
  std::int64_t retries() const;

  const RetryPolicy& policy() const { return policy_; }

 private:
  Status Wait(int failures) const;
  bool Spend();
  std::int64_t Earn();

  RetryPolicy policy_;
  mutable std::mutex mutex_;
  std::int64_t left_;
  std::int64_t retries_ = 0;
  std::int64_t successes_ = 0;
};

}  // namespace pomona
