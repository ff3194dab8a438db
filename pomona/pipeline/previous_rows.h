#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/quarantine.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \return whether two manifest rows speak of the same bytes, as far as size and time of change tell
bool SameObject(const ManifestRow& a, const ManifestRow& b);

/// \brief What an earlier generation knows of one manifest row.
struct PreviousRow {
  enum class Kind {
    kWanted,   ///< nothing: the image is to be read
    kRow,      ///< a row of features
    kFailure,  ///< that it failed, and would again
  };
  Kind kind = Kind::kWanted;
  std::int64_t index = -1;                 ///< in the earlier manifest
  const QuarantineRow* failure = nullptr;  ///< lives as long as the `PreviousRows`
};

/// \brief Rows of features of one block of an earlier manifest.
class PreviousBlock {
 public:
  struct Row {
    int width;
    int height;
    const float* features;  ///< `dim` of them; lives as long as the block
  };
  /// \param[in] index in the earlier manifest, of a row of features of this block
  Row row(std::int64_t index) const;

 private:
  friend class PreviousRows;
  std::int64_t first_ = 0;
  std::int64_t dim_ = 0;
  std::vector<std::int32_t> row_of_;  ///< by offset in the block; -1 for failures
  std::shared_ptr<arrow::Table> table_;
  std::vector<float> copy_;
  const float* features_ = nullptr;
};

/// \brief The features of an earlier generation of an output, by what its manifest says of them.
///
/// The manifests of both generations are sorted alike, so finding a block's rows is a merge. In memory: a few blocks of
/// features, the failures, the first path of every block, and the report's thumbnails.
///
/// Thread safety: const calls may run together.
class PreviousRows {
 public:
  enum class Retry {
    kReading,  ///< failures to read, which say nothing of the image
    kAll,      ///< every failure
  };

  /// \param[in] root of the output; \param[in] generation whose features are joined
  static Result<std::unique_ptr<PreviousRows>> Open(const Location& root, int generation, Retry retry);

  const Manifest& manifest() const { return *manifest_; }
  const Json& plan() const { return plan_; }
  const std::map<std::int64_t, QuarantineRow>& failures() const { return failures_; }  ///< by manifest index

  /// \return whether a failure is to be tried again although its object is the same
  bool Retries(const QuarantineRow& failure) const;

  /// \return one entry for each row of a block of a later manifest
  Result<std::vector<PreviousRow>> Of(const ManifestBlock& block) const;

  /// \brief The block that holds a row of the earlier manifest.
  Result<std::shared_ptr<const PreviousBlock>> BlockOf(std::int64_t index) const;

  /// \return JPEG bytes, or empty
  const std::string& Thumbnail(std::string_view path) const;

 private:
  PreviousRows() = default;
  Status ReadFailures(const Location& shards, std::int64_t shard_rows);
  Status ReadFirstPaths();
  Result<std::shared_ptr<const PreviousBlock>> Load(std::int64_t block) const;

  Retry retry_ = Retry::kAll;
  Json plan_;
  std::unique_ptr<Manifest> manifest_;
  std::unique_ptr<FeatureRows> rows_;
  std::map<std::int64_t, QuarantineRow> failures_;
  std::vector<std::string> first_paths_;  ///< of the earlier manifest's blocks
  std::unordered_map<std::string, std::string> thumbnails_;

  mutable std::mutex mutex_;
  mutable std::array<std::pair<std::int64_t, std::shared_ptr<const PreviousBlock>>, 4> recent_;
  mutable std::size_t oldest_ = 0;
};

}  // namespace pomona
