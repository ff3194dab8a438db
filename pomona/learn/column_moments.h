#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/learn/row_source.h"

namespace pomona {

/// \brief Count, mean and sum of squared deviations of every column, mergeable: all a standard scaler needs.
///
/// Memory is 16 * d bytes, whatever the number of rows. A column whose values are all equal has `m2` exactly 0, also
/// after merges, because sums and means of equal float32 values are exact in float64.
///
/// Thread safety: const calls may run together; any other call must be alone.
/// Source: Chan, Golub & LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 37(3),
/// 1983.
class ColumnMoments {
 public:
  /// \return Invalid if dim < 1
  static Result<ColumnMoments> Make(std::int64_t dim);

  /// \brief Adds rows of shape (n, d); n = 0 is fine.
  ///
  /// \return Invalid if the number of columns differs or a value is not finite, with the row's name; *this is unchanged
  ///         then
  Status Update(const RowBlock& block);

  /// \brief Adds what another object has seen; either may be empty.
  ///
  /// \return Invalid if the number of columns differs
  Status Merge(const ColumnMoments& other);

  std::int64_t dim() const { return static_cast<std::int64_t>(mean_.size()); }
  std::int64_t count() const { return count_; }
  const std::vector<double>& mean() const { return mean_; }

  /// Sums of squared deviations from the mean, shape (d,).
  const std::vector<double>& m2() const { return m2_; }

  /// \brief The state as bytes (format version 1, little-endian), for another process.
  std::string Serialize() const;
  /// \return Invalid if the bytes are not what `Serialize` gave
  static Result<ColumnMoments> Deserialize(std::string_view bytes);

 private:
  explicit ColumnMoments(std::int64_t dim);

  std::int64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> m2_;
};

}  // namespace pomona
