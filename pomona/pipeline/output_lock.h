#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "pomona/base/cancellation.h"
#include "pomona/base/process_identity.h"
#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

struct LockOptions {
  /// How often the owner gives a sign of life.
  std::chrono::milliseconds beat{10'000};

  /// After so long without a sign of life an owner that nobody can ask is taken for dead.
  std::chrono::milliseconds silence{60'000};

  /// Milliseconds since 1970-01-01 UTC; the system's clock where empty.
  std::function<std::int64_t()> now_ms;

  ProcessIdentity self = ProcessIdentity::Self();
};

/// \brief The right to write to an output: the file `_pomona/lock-NNNN.json` with the highest number.
///
/// A lock is created exclusively and renewed by its owner. Who finds one stops, unless its owner is dead: a process of
/// this machine that is gone, or one elsewhere that has been silent. The clocks of two machines may differ, so silence
/// is not only read from the lock's time but also watched for. Taking over creates the next number, again exclusively,
/// so that of several heirs one wins; an owner that was only stopped for a while finds the higher number, or its own
/// lock gone, and writes no more.
///
/// Thread safety: `Check` may be called by several threads.
class OutputLock {
 public:
  /// \param[in] folder the output's `_pomona/`, which exists; \param[in] output as the user typed it
  /// \return IOError that names the other process, since when it runs and when it was last heard of; Cancelled
  static Result<std::unique_ptr<OutputLock>> Acquire(const Location& folder, std::string_view output,
                                                     LockOptions options, const Cancellation* cancellation);

  /// Releases it.
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

  /// \return IOError once another process has taken the output over
  Status Check() const;

  /// \brief What a process that works for the owner shows to `CheckTicket`: names this lock among all.
  std::string ticket() const;

  /// \brief `Check` for another process, anywhere, that works for a lock's owner; asks the store.
  ///
  /// \param[in] folder, output as for `Acquire`; \param[in] ticket of the owner's lock
  /// \return IOError once the owner has ended or another process has taken the output over
  static Status CheckTicket(const Location& folder, std::string_view output, std::string_view ticket);

  /// \brief Removes the locks of processes of this machine that are gone: left by a run that was killed at its very
  /// end.
  ///
  /// Every other lock stays, and so does one that cannot be removed: it harms nobody.
  static void RemoveDead(const Location& folder);

  /// \return whether a file below `_pomona/` is a lock
  static bool IsLockName(std::string_view name);

 private:
  OutputLock(Location folder, std::string output, LockOptions options);

  std::int64_t Now() const;
  std::string Text() const;
  Result<bool> TryOnce(const Cancellation* cancellation);
  Status Watch(const Location& place, const std::string& text, std::chrono::milliseconds time,
               const Cancellation* cancellation) const;
  Status Judge(const Location& place, const std::string& text, const Cancellation* cancellation) const;
  Status Refusal(const std::string& text) const;
  void Beat();
  void Renew();

  const Location folder_;
  const std::string output_;
  const LockOptions options_;
  const std::string token_;
  std::int64_t started_ms_ = 0;
  std::int64_t beats_ = 0;
  std::int64_t number_ = 0;  ///< 0: not held

  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread beating_;
};

}  // namespace pomona
