#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "pomona/learn/row_source.h"

namespace pomona {

/// \brief Rows that lie in memory, in blocks of 1,024; row i is called "row i".
///
/// Thread safety: all calls may run together. The rows must outlive this object.
class MemoryRows : public RowSource {
 public:
  static constexpr std::int64_t kBlockRows = 1024;

  /// \param[in] rows shape (n, d)
  explicit MemoryRows(MatrixView<const float> rows) : rows_(rows) {}

  std::int64_t dim() const override { return rows_.cols; }
  std::int64_t row_count() const override { return rows_.rows; }
  std::int64_t block_count() const override { return (rows_.rows + kBlockRows - 1) / kBlockRows; }

  Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const override {
    const std::int64_t first = block * kBlockRows;
    const std::int64_t count = std::min(kBlockRows, rows_.rows - first);
    return visit(
        {rows_.rows_between(first, count), [first](std::int64_t i) { return "row " + std::to_string(first + i); }});
  }

 private:
  MatrixView<const float> rows_;
};

}  // namespace pomona
