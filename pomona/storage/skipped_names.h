#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pomona/base/json.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief Why a file is not taken for data: by whom files and folders of its name are made.
enum class SkipReason : std::uint8_t {
  kHidden,   ///< other names that begin with '.'
  kHadoop,   ///< files `_SUCCESS`, `_metadata`, `_common_metadata`, `*_$folder$` and `.*.crc`, folders `_temporary`
  kJupyter,  ///< `.ipynb_checkpoints`
  kMacos,    ///< folders `__MACOSX`; `.DS_Store` and `._*`
  kPomona,   ///< folders `_pomona`
  kWindows,  ///< files `Thumbs.db` and `desktop.ini`, in any case of letters
};
inline constexpr std::size_t kSkipReasons = 6;

/// \return "hidden", "hadoop", "jupyter", "macos", "pomona" or "windows", as run.json has them
std::string_view SkipReasonName(SkipReason reason);

/// \brief The one rule that says, for every kind of input, which files are left out because of their names.
///
/// \param[in] name one component of a path; `.` and `..` are never skipped
/// \return nothing for a file, or a folder, that is taken
std::optional<SkipReason> WhySkippedFile(std::string_view name);
std::optional<SkipReason> WhySkippedFolder(std::string_view name);

/// \brief The same for a file's path below the input: the first component that is skipped decides.
///
/// \param[in] path components separated by '/'; the last one is the file
std::optional<SkipReason> WhySkipped(std::string_view path);

/// \brief How many files were skipped, by reason.
class SkippedFiles {
 public:
  void Add(SkipReason reason, std::int64_t files = 1) { counts_[static_cast<std::size_t>(reason)] += files; }
  SkippedFiles& operator+=(const SkippedFiles& other);

  std::int64_t of(SkipReason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  std::int64_t total() const;

  /// \brief An object of reasons and counts, without those that are 0.
  Json ToJson() const;

  /// \brief The opposite of `ToJson`; reasons that this version does not know are left out.
  static SkippedFiles FromJson(const Json& json);

  bool operator==(const SkippedFiles&) const = default;

 private:
  std::array<std::int64_t, kSkipReasons> counts_{};
};

}  // namespace pomona
