#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pomona/base/matrix_view.h"
#include "pomona/base/status.h"

namespace pomona {

/// Rows of a block as float32, with the row's name for messages.
struct RowBlock {
  MatrixView<const float> rows;
  std::function<std::string(std::int64_t)> name;  ///< the path of row i of the block; may be empty
};

/// \brief Rows that can be read again and again, block by block, in any order.
///
/// A block holds what is left of 1,024 consecutive manifest rows after failures; it may be empty.
///
/// Thread safety: `Visit` may be called by several threads at once.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::int64_t dim() const = 0;
  virtual std::int64_t row_count() const = 0;
  virtual std::int64_t block_count() const = 0;

  /// \brief Calls `visit` with the rows of one block, which live during the call only.
  virtual Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const = 0;
};

}  // namespace pomona
