#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/pipeline/sample.h"

namespace pomona {

/// Images that the report shows as points, and of which thumbnails are kept.
inline constexpr std::int64_t kReportPoints = 5000;

/// \brief Sees the path and label of every row, counts labels, and chooses rows evenly over them.
///
/// Memory: 16 bytes a row, of no more than `kReportPoints` rows a label.
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
  /// A row that may be chosen; of a label, those with the smallest hashes are.
  struct Candidate {
    std::uint64_t hash;
    std::int64_t row;
    auto operator<=>(const Candidate&) const = default;
  };
  struct Label {
    std::int64_t rows = 0;
    std::vector<Candidate> smallest;  ///< a heap, the largest first
  };

  std::int64_t rows_ = 0;
  std::map<std::string, Label, std::less<>> labels_;
};

}  // namespace pomona
