#include "pomona/storage/retry.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace pomona {
namespace {

constexpr std::string_view kTransient = "pomona::TransientError";
constexpr std::string_view kDown = "pomona::StoreDown";

class Mark : public arrow::StatusDetail {
 public:
  explicit Mark(std::string_view type) : type_(type) {}
  const char* type_id() const override { return type_.data(); }
  std::string ToString() const override { return std::string(type_); }

 private:
  std::string_view type_;
};

bool HasMark(const Status& status, std::string_view type) {
  return !status.ok() && status.detail() != nullptr && std::string_view(status.detail()->type_id()) == type;
}

/// Seconds before the next try: doubled from failure to failure, and shortened at random so that many readers that
/// failed together do not come back together.
double DelaySeconds(const RetryPolicy& policy, int failures) {
  thread_local std::minstd_rand random(std::random_device{}());
  const double longest = std::min(policy.longest_delay_s, policy.first_delay_s * std::exp2(failures - 1));
  return longest * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

}  // namespace

Status TransientError(std::string message) {
  return Status(arrow::StatusCode::IOError, std::move(message), std::make_shared<Mark>(kTransient));
}

bool IsTransient(const Status& status) { return HasMark(status, kTransient); }

Status StoreDown(std::string message) {
  return Status(arrow::StatusCode::IOError, std::move(message), std::make_shared<Mark>(kDown));
}

bool IsStoreDown(const Status& status) { return HasMark(status, kDown); }

Status Retrier::Run(const std::function<Status()>& attempt, const std::function<bool()>& is_alive) {
  std::int64_t successes_before = 0;
  {
    const std::lock_guard lock(mutex_);
    successes_before = successes_;
  }
  for (int tries = 1;; ++tries) {
    Status status = attempt();
    if (!IsTransient(status)) {
      Earn();  // an error for good is an answer, too
      return status;
    }
    if (tries >= policy_.attempts) {
      const std::string last = status.message() + " (tried " + std::to_string(tries) + " times)";
      {
        const std::lock_guard lock(mutex_);
        if (successes_ > successes_before) return Status::IOError(last);
      }
      if (is_alive && is_alive()) return Status::IOError(last);
      return StoreDown("the store does not answer: " + last + "; run the same command again when it does");
    }
    if (!Spend()) {
      return StoreDown("the store fails too often, the budget of " + std::to_string(policy_.budget) +
                       " retries is spent: " + status.message() + "; run the same command again later");
    }
    ARROW_RETURN_NOT_OK(Wait(tries));
  }
}

Status Retrier::Wait(int failures) const {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(DelaySeconds(policy_, failures));
  for (;;) {
    if (policy_.cancellation != nullptr) ARROW_RETURN_NOT_OK(policy_.cancellation->Check());
    const std::chrono::duration<double> left = end - Clock::now();
    if (left.count() <= 0) return Status::OK();
    std::this_thread::sleep_for(std::min(left, std::chrono::duration<double>(0.1)));
  }
}

bool Retrier::Spend() {
  const std::lock_guard lock(mutex_);
  if (left_ <= 0) return false;
  --left_;
  ++retries_;
  return true;
}

std::int64_t Retrier::Earn() {
  const std::lock_guard lock(mutex_);
  left_ = std::min(left_ + 1, policy_.budget);
  return ++successes_;
}

std::int64_t Retrier::retries() const {
  const std::lock_guard lock(mutex_);
  return retries_;
}

}  // namespace pomona
