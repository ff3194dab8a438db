#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/pipeline/sample.h"

namespace pomona {

/// Images that the report shows as points, and of which thumbnails are kept.
inline constexpr std::int64_t kReportPoints = 5000;

/// \brief Sees the path and label of every row, counts labels, and chooses rows evenly over them; 16 bytes a row.
///
/// Thread safety: one thread at a time.
class ReportSample {
 public:
  void Add(std::string_view path, std::string_view label);

  /// \brief Up to `kReportPoints` row numbers, rising; always the same ones for the same rows.
  std::vector<std::int64_t> Choose() const;

  /// \brief Rows by label.
  std::map<std::string, std::int64_t> LabelCounts() const;

 private:
  std::map<std::string, std::int32_t, std::less<>> numbers_;
  std::vector<std::int64_t> counts_;
  std::vector<SampleCandidate> candidates_;  ///< labels as numbered when they were first met
};

}  // namespace pomona
