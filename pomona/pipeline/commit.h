#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/pipeline/quarantine.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Processor seconds that the threads of an extraction spent, by step.
struct StepSeconds {
  double read = 0;
  double decode = 0;
  double resize = 0;
  double extract = 0;
  double write = 0;

  StepSeconds& operator+=(const StepSeconds& other);
  Json ToJson() const;
  static StepSeconds FromJson(const Json& json);
};

/// \brief Says that a shard is done: which part holds its rows, and which images failed.
struct CommitRecord {
  std::int64_t shard = 0;
  std::string part;  ///< file name, with the attempt's id in it; of a pack, that of the packed shard, "" for none
  PartFile file;
  std::int64_t ok = 0;
  std::vector<QuarantineRow> failures;
  StepSeconds seconds;

  // Of a pack, whose shards end where they are full:
  std::int64_t first = -1;  ///< manifest row
  std::int64_t end = -1;    ///< manifest row behind the last one
  std::string version;      ///< of the part, as `VersionOf` tells it: while it is this one, its bytes need no look

  std::int64_t quarantined() const { return static_cast<std::int64_t>(failures.size()); }
};

/// \brief What is known of a committed shard without opening its record again.
struct CommittedShard {
  std::int64_t ok = 0;
  std::int64_t quarantined = 0;
  StepSeconds seconds;

  // Of a pack:
  std::string part;        ///< "" for none
  std::int64_t bytes = 0;  ///< of the part
  std::int64_t end = -1;   ///< manifest row behind the last one
};

/// \brief The parts and commit records of an output's shards.
///
/// A shard is done when its record `NNNNN.json` exists; the record is written once, whole, and names the part that
/// counts. A part without a record, a record that cannot be read, and a record whose part is missing, of another size
/// or of another hash are worth nothing and are removed by `Recover`.
///
/// Thread safety: calls may run together.
class ShardStore {
 public:
  explicit ShardStore(Location folder) : folder_(folder), parts_(std::move(folder)) {}

  /// \param[in] folder of the records; \param[in] parts folder of the parts, of which `Recover` removes none
  ShardStore(Location folder, Location parts) : folder_(std::move(folder)), parts_(std::move(parts)) {}

  /// \brief A name for a part that no other attempt uses.
  static std::string NewPartName(std::int64_t shard);
  Location PartPlace(const std::string& part) const { return parts_.Child(part); }
  Location RecordPlace(std::int64_t shard) const;

  /// \brief What changes whenever a part is written again: its ETag, else its size and time of change; "" where it is
  /// not there.
  Result<std::string> VersionOf(const std::string& part) const;

  /// \brief Writes the record unless another attempt was first; then this attempt's part is removed.
  ///
  /// \return the record that counts
  Result<CommitRecord> Commit(const CommitRecord& record) const;

  Result<CommitRecord> Read(std::int64_t shard) const;

  /// \brief Finds the shards that are done and removes whatever is torn or orphaned.
  ///
  /// \param[in] with_parts parts are still needed and are verified; false after they were joined
  /// \return one entry a shard; empty for those still to be done
  Result<std::vector<std::optional<CommittedShard>>> Recover(std::int64_t shards, bool with_parts, int threads,
                                                             const Cancellation* cancellation) const;

  /// \brief Finds the shards of a pack that are done, from the first on: each begins where the one before ends.
  ///
  /// Records behind the first that is missing, or whose part is, are removed. A part is read again only where its
  /// version is another one than when it was committed.
  Result<std::vector<CommittedShard>> RecoverInOrder(int threads, const Cancellation* cancellation) const;

  /// \brief Removes the parts, which were joined; records stay.
  Status RemoveParts() const;

 private:
  Result<std::optional<CommitRecord>> ReadIfWhole(std::int64_t shard, bool with_parts) const;
  Result<bool> PartIsWhole(const CommitRecord& record) const;

  Location folder_;
  Location parts_;
};

}  // namespace pomona
