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
  std::string part;  ///< file name, with the attempt's id in it
  PartFile file;
  std::int64_t ok = 0;
  std::vector<QuarantineRow> failures;
  StepSeconds seconds;

  std::int64_t quarantined() const { return static_cast<std::int64_t>(failures.size()); }
};

/// \brief What is known of a committed shard without opening its record again.
struct CommittedShard {
  std::int64_t ok = 0;
  std::int64_t quarantined = 0;
  StepSeconds seconds;
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
  explicit ShardStore(Location folder) : folder_(std::move(folder)) {}

  /// \brief A name for a part that no other attempt uses.
  static std::string NewPartName(std::int64_t shard);
  Location PartPlace(const std::string& part) const { return folder_.Child(part); }
  Location RecordPlace(std::int64_t shard) const;

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

  /// \brief Removes the parts, which were joined; records stay.
  Status RemoveParts() const;

 private:
  Result<std::optional<CommitRecord>> ReadIfWhole(std::int64_t shard, bool with_parts) const;

  Location folder_;
};

}  // namespace pomona
