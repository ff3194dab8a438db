#pragma once

#include <chrono>
#include <cstdint>

namespace pomona {

/// \brief The moment by which a piece of work must be done; whoever does it looks at it between small steps.
///
/// Thread safety: const calls may run together.
class Deadline {
 public:
  /// \param[in] seconds from now on
  explicit Deadline(std::int64_t seconds)
      : seconds_(seconds), end_(std::chrono::steady_clock::now() + std::chrono::seconds(seconds)) {}

  bool passed() const { return std::chrono::steady_clock::now() >= end_; }
  std::int64_t seconds() const { return seconds_; }

 private:
  std::int64_t seconds_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace pomona
