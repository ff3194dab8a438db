#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pomona/pipeline/manifest.h"
#include "pomona/storage/skipped_names.h"

namespace pomona {

/// \brief The rule of `WhySkipped` over one input of any kind: who is taken, and how many are not.
///
/// Rows of Parquet files and images of packed shards may have paths of their own, which begin anywhere, as in
/// `/home/u/.cache/photos/Kiwi/1.jpg`. Of those only what lies below the folder common to all of them is looked at, as
/// if that folder were the input; so they are judged together, when all are known.
///
/// Memory: that folder's name, and two numbers for each run of rows with paths of their own.
/// Thread safety: one thread.
class InputNames {
 public:
  /// \param[in] include_skipped takes every name
  explicit InputNames(bool include_skipped) : include_skipped_(include_skipped) {}

  bool include_skipped() const { return include_skipped_; }

  /// \param[in] path below the input, or below the archive that holds the file
  /// \return whether the file is taken; where not, it is counted
  bool Takes(std::string_view path);

  /// \brief Counts files that a listing has left out.
  void AddSkipped(const SkippedFiles& files) { skipped_ += files; }

  /// \brief Says that a row has a path of its own. \param[in] row its number, larger than in the calls before
  void AddOwnPath(std::int64_t row, std::string_view path);

  /// \brief Drops the rows with paths of their own that the rule leaves out, and counts them; called once, at the end.
  ///
  /// \param[in,out] rows in the order in which they were added
  void LeaveOutSkipped(ManifestRows* rows);

  const SkippedFiles& skipped() const { return skipped_; }

 private:
  bool include_skipped_;
  SkippedFiles skipped_;
  std::optional<std::string> common_;                            ///< folder of all own paths, "" or ending in '/'
  std::vector<std::pair<std::int64_t, std::int64_t>> own_rows_;  ///< first and behind the last, rising
};

}  // namespace pomona
