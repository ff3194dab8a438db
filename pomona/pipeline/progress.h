#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pomona {

/// \brief Hears what a run is doing; the command line draws a bar from it.
///
/// Thread safety: calls come from several threads, one at a time.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;

  /// \brief A stage starts: "list", "model", "extract", "join", "fit", "project", "report", "pack".
  ///
  /// \param[in] total units of the stage (images; 0 when unknown); \param[in] done units that an earlier run finished
  virtual void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) = 0;

  /// \param[in] done units finished so far, failed ones included; \param[in] failed quarantined so far
  virtual void StageAdvanced(std::int64_t done, std::int64_t failed) = 0;

  virtual void StageFinished(double seconds) = 0;

  /// \brief Something a person should know, in one line: a warning or a choice made.
  virtual void Message(std::string_view text) = 0;
};

}  // namespace pomona
