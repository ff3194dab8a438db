#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include "pomona/base/status.h"
#include "pomona/learn/row_source.h"
#include "pomona/pipeline/feature_parts.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief The rows of a `features/` folder, read block by block; memory is one block for each thread that visits.
///
/// Thread safety: const calls may run together.
class FeatureRows : public RowSource {
 public:
  /// \param[in] folder the `features/` folder of an output
  /// \return UsageError when there are none, a part is missing, or parts were made in different ways
  static Result<std::unique_ptr<FeatureRows>> Open(const Location& folder);

  /// \brief The same for one generation of an output, by the names that it gave its parts.
  static Result<std::unique_ptr<FeatureRows>> OfOutput(const Location& root, int generation);

  /// \brief Whether nobody has put another part among those of an output's generation.
  ///
  /// \return UsageError that names it
  Status CheckNoOthers(const Location& folder, int generation) const;

  std::int64_t dim() const override { return dim_; }
  std::int64_t row_count() const override { return rows_; }
  std::int64_t block_count() const override { return static_cast<std::int64_t>(blocks_.size()); }
  Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const override;

  /// \brief Paths and labels of a block's rows: columns 0 and 1.
  Result<std::shared_ptr<arrow::Table>> Names(std::int64_t block) const;

  /// \brief All five columns of a block, one chunk each where there are rows.
  Result<std::shared_ptr<arrow::Table>> Rows(std::int64_t block) const;

  /// \return the feature values of a table of `Rows`: in place where they lie in one piece, else copied to `copy`
  static Result<const float*> Values(const arrow::Table& rows, std::int64_t dim, std::vector<float>* copy);

  std::int64_t block_rows(std::int64_t block) const { return blocks_[static_cast<std::size_t>(block)].rows; }

  /// \brief How the features were made; `first_block` and `block_rows` are those of part 0.
  const FeaturePartInfo& info() const { return info_; }

 private:
  struct Part {
    Location location;
    std::shared_ptr<parquet::FileMetaData> metadata;
  };
  struct Block {
    std::size_t part;
    std::int64_t rows;
    int first_group;
    int group_count;
  };

  FeatureRows() = default;
  Status AddPart(const Location& location);
  Status CheckComplete(const std::string& shown) const;
  Result<std::shared_ptr<arrow::Table>> ReadColumns(const Block& block, const std::vector<int>& columns) const;

  std::int64_t dim_ = 0;
  std::int64_t rows_ = 0;
  std::vector<Part> parts_;
  std::vector<Block> blocks_;
  FeaturePartInfo info_;
};

}  // namespace pomona
