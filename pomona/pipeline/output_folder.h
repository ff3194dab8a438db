#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/generation.h"
#include "pomona/pipeline/output_lock.h"
#include "pomona/storage/location.h"

namespace pomona {

/// Names of what an output holds; docs/formats.md describes each.
namespace output_names {
inline constexpr std::string_view kSuccess = "_SUCCESS";
inline constexpr std::string_view kState = "_pomona";
inline constexpr std::string_view kMarker = "_pomona/output.json";
inline constexpr std::string_view kFiles = "_pomona/files.json";
inline constexpr std::string_view kCurrent = "_pomona/current.json";
inline constexpr std::string_view kChange = "_pomona/change.json";
inline constexpr std::string_view kOptions = "_pomona/options.json";
inline constexpr std::string_view kPlan = "_pomona/plan.json";
inline constexpr std::string_view kManifest = "_pomona/manifest.parquet";
inline constexpr std::string_view kJoin = "_pomona/join.json";
inline constexpr std::string_view kThumbnails = "_pomona/thumbnails.arrow";
inline constexpr std::string_view kShards = "_pomona/shards";
inline constexpr std::string_view kFeatures = "features";
inline constexpr std::string_view kProjection = "projection";
inline constexpr std::string_view kProjectionCsv = "projection.csv";
inline constexpr std::string_view kExplainedVariance = "explained_variance.csv";
inline constexpr std::string_view kQuarantine = "quarantine.parquet";
inline constexpr std::string_view kModel = "model";
inline constexpr std::string_view kReport = "report.html";
inline constexpr std::string_view kRun = "run.json";
}  // namespace output_names

/// \return "features/part-00003.parquet"
std::string PartName(std::string_view folder, std::int64_t part);

/// \brief A file below `_pomona/` of one generation, by its name in the first one.
struct GenerationFile {
  int generation = 1;
  std::string name;  ///< "_pomona/plan.json", or "run.json" for `_pomona/generation-2/run.json`
};

/// \brief A folder that a run writes to, and the rules that keep other people's files safe.
///
/// An output is Pomona's when it holds `_pomona/output.json`. Whatever is written outside `_pomona/` is named in
/// `_pomona/files.json` before it is written, and nothing else outside `_pomona/` is ever deleted.
///
/// Thread safety: none; `Place` may be called by several threads.
class OutputFolder {
 public:
  enum class State {
    kNew,         ///< missing or empty
    kUnfinished,  ///< begun by an earlier run, to be resumed
    kFinished,    ///< has `_SUCCESS`
  };

  /// \brief Looks at a place; changes nothing.
  ///
  /// \param[in] to_clear it will be cleared: what is broken in it is no error
  /// \return UsageError when it is a file, or a folder with content that is not Pomona's
  static Result<OutputFolder> Open(std::string_view text, bool to_clear = false);

  State state() const { return state_; }
  const Location& root() const { return root_; }
  const Generation& generation() const { return generation_; }

  /// \brief Where a file lies in the generation that is being made, below the root; names are those of generation 1.
  std::string NameOf(std::string_view name) const {
    return NameInGeneration(name, generation_.target, generation_.changing());
  }
  Location Place(std::string_view name) const { return root_.Child(NameOf(name)); }
  std::string display() const { return root_.display.empty() ? "." : root_.display; }
  std::string DisplayOf(std::string_view name) const;

  /// \return UsageError when this place is, lies in, or holds `other`; a list file stands for itself only
  Status CheckApartFrom(const Location& other, std::string_view what) const;

  /// \brief Makes the output Pomona's and this process the only one that writes to it, until the object goes.
  ///
  /// Looks at the output again once it is this process's: another run may have changed it.
  ///
  /// \return IOError when it cannot be written, or another run is writing to it
  Status Claim(const Cancellation* cancellation);

  /// \brief Clears a finished output of the lock of a run that was killed after its last file.
  void RemoveDeadLocks() const { OutputLock::RemoveDead(root_.Child(output_names::kState)); }

  /// \brief Claims the output and deletes what `_pomona/` names; afterwards the output is new, but for the claim.
  Status Clear(const Cancellation* cancellation);

  /// \brief Takes back what `Claim` and all later calls did to an output that was new.
  void Undo();

  /// \brief Gives the claim up; `_pomona/` goes, too, where nothing is left in it.
  void Release();

  /// \return IOError once another process has taken the output over
  Status CheckClaim() const { return lock_ ? lock_->Check() : Status::OK(); }

  /// \brief What processes that work for this one show to `CheckTicket`; the output must be claimed.
  std::string ticket() const { return lock_->ticket(); }

  /// \return IOError unless the claim whose ticket this is holds still, in whichever process
  Status CheckTicket(std::string_view ticket) const {
    return OutputLock::CheckTicket(root_.Child(output_names::kState), display(), ticket);
  }

  /// \brief Notes files that are about to be written. Parts are noted under the name their generation gives them.
  Status NameFiles(std::span<const std::string> names);
  Status NameFile(std::string name) { return NameFiles(std::span(&name, 1)); }

  /// \brief Strikes out files that were deleted.
  Status ForgetFiles(std::span<const std::string> names);

  /// \brief Deletes those of these files that were noted, from the generation that is being made. Folders that become
  /// empty go, too.
  Status RemoveFiles(std::span<const std::string> names) const;

  /// \brief Every file noted, whether it is there or not.
  const std::vector<std::string>& files() const { return files_; }

  /// \brief Removes `_SUCCESS`, before anything else changes.
  Status BeginChange();

  /// \brief Writes `_SUCCESS`, after everything else.
  Status Finish();

  /// \brief Reads again what is there: the state, the generation and the files noted.
  Status Refresh();

  /// \param[in] name below `_pomona/`
  /// \return what a file is that Pomona made; nothing for one of somebody else
  std::optional<GenerationFile> OwnStateFile(const std::string& name) const;

  /// \brief A JSON file of the output; null when it does not exist.
  Result<Json> ReadJson(std::string_view name) const;
  Status WriteJson(std::string_view name, const Json& value) const;

 private:
  explicit OutputFolder(Location root) : root_(std::move(root)) {}
  Status WriteFileList() const;
  Status RemoveLeftovers() const;

  /// Writes the marker where it is missing.
  Status Mark();

  Location root_;
  State state_ = State::kNew;
  Generation generation_;
  bool was_missing_ = false;  ///< not even an empty folder was there
  bool to_clear_ = false;
  bool was_new_ = false;  ///< when it was claimed
  std::vector<std::string> files_;
  std::unique_ptr<OutputLock> lock_;
};

}  // namespace pomona
