#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/resources.h"
#include "pomona/pipeline/progress.h"

namespace pomona {

/// \brief What a run says while it runs, kept for run.json and the report.
///
/// Passes everything on to a listener, which may be null. Thread safety: calls may run together.
class JobLog {
 public:
  explicit JobLog(ProgressListener* listener) : listener_(listener) {}

  /// \brief Starts a stage; the one before must have ended.
  void Begin(std::string_view stage, std::int64_t total, std::int64_t done = 0, std::int64_t failed = 0);
  void Advance(std::int64_t images, std::int64_t failed = 0);
  void End();

  void Message(std::string text);

  /// \brief Keeps a message that the summary says: the listener, whose reader sees both, is not told.
  void Note(std::string text);

  /// \return wall-clock seconds of each stage and in total
  Json Seconds() const;
  double StageSeconds(std::string_view stage) const;
  std::vector<std::string> messages() const;

 private:
  using Clock = std::chrono::steady_clock;

  ProgressListener* listener_;
  mutable std::mutex mutex_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point stage_begin_;
  std::string stage_;
  std::int64_t done_ = 0;
  std::int64_t failed_ = 0;
  std::vector<std::pair<std::string, double>> seconds_;
  std::vector<std::string> messages_;
};

/// \brief A stage for the length of a scope; what it has freed goes back to the system at its end.
class Stage {
 public:
  Stage(JobLog& log, std::string_view name, std::int64_t total, std::int64_t done = 0, std::int64_t failed = 0)
      : log_(log) {
    log_.Begin(name, total, done, failed);
  }
  ~Stage() {
    ReleaseFreeMemory();
    log_.End();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

 private:
  JobLog& log_;
};

}  // namespace pomona
