#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/learn/matrix.h"
#include "pomona/learn/pool.h"
#include "pomona/learn/row_source.h"

namespace pomona {

/// \brief Count, mean and centred scatter matrix of rows, mergeable: all that scaler and exact PCA need, in one pass.
///
/// The scatter matrix is the sum over rows of (x - mean)(x - mean)^T. The rows themselves are not kept: memory is
/// 8 * (d * d + d) bytes (2.1 MB at d = 512, 34 MB at d = 2,048), whatever their number. `Merge` is what joins blocks
/// and what a Spark partition calls, so that one fit can span many machines. A column whose values are all equal has
/// a row and column of exact zeros, also after merges.
///
/// Thread safety: const calls may run together; any other call must be alone.
/// Source: Chan, Golub & LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 37(3),
/// 1983 (pairwise update, here with outer products).
class ScatterState {
 public:
  /// Above this many features the matrix is refused (8.6 GB).
  static constexpr std::int64_t kMaxDim = 32768;

  /// \return Invalid if dim < 1; CapacityError if dim > kMaxDim
  static Result<ScatterState> Make(std::int64_t dim);

  /// \brief Adds rows of shape (n, d), read during the call and not kept; n = 0 is fine.
  ///
  /// \param[in] scratch memory for centred rows, shared by the states of one fit; may be null
  /// \return Invalid if the number of columns differs or a value is not finite, with the row's name; *this is unchanged
  ///         then
  Status Update(const RowBlock& block, Pool<Matrix>* scratch = nullptr);

  /// \brief Adds what another state has seen; either may be empty.
  ///
  /// \return Invalid if the number of columns differs
  Status Merge(const ScatterState& other);

  /// \brief Forgets all rows and keeps the memory.
  void Clear();

  std::int64_t dim() const { return static_cast<std::int64_t>(mean_.size()); }
  std::int64_t count() const { return count_; }
  const std::vector<double>& mean() const { return mean_; }

  /// Shape (d, d); only the upper triangle (j >= i) is filled.
  const Matrix& scatter() const { return scatter_; }

  /// \brief The diagonal of the scatter matrix: sums of squared deviations, shape (d,).
  std::vector<double> m2() const;

  /// \brief The state as bytes (format version 1, little-endian, upper triangle only), for another process.
  std::string Serialize() const;
  /// \return Invalid if the bytes are not what `Serialize` gave
  static Result<ScatterState> Deserialize(std::string_view bytes);

 private:
  explicit ScatterState(std::int64_t dim);

  std::int64_t count_ = 0;
  std::vector<double> mean_;
  Matrix scatter_;
};

}  // namespace pomona
