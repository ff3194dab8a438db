#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pomona/base/status.h"

namespace pomona {

/// \brief Mean and standard deviation of every column: z = (x - mean) / scale.
///
/// A column whose values are all equal has scale 0 and becomes 0. It is known by a sum of squared deviations of
/// exactly 0, which `ColumnMoments` and `ScatterState` promise for equal values and which no two different float32
/// values can give: no tolerance is involved.
struct StandardScaler {
  std::int64_t rows = 0;
  std::vector<double> mean;    ///< shape (d,)
  std::vector<double> scale;   ///< shape (d,): standard deviation, 0 where the column is constant
  std::vector<double> factor;  ///< shape (d,): 1 / scale, 0 where the column is constant
  int ddof = 1;                ///< taken from the rows: 1 as Spark ML, 0 as scikit-learn

  /// \param[in] rows how many the statistics have seen
  /// \param[in] m2 sums of squared deviations from the mean, shape (d,)
  /// \return Invalid when fewer than two rows were seen, the shapes differ or ddof is neither 0 nor 1
  static Result<StandardScaler> Make(std::int64_t rows, std::vector<double> mean, std::span<const double> m2, int ddof);

  std::int64_t dim() const { return static_cast<std::int64_t>(mean.size()); }

  /// \brief The columns that are not constant, ascending.
  std::vector<std::int64_t> VaryingColumns() const;

  /// \brief The sum of the variances (n - 1) of the standardised columns.
  double TotalVariance() const;
};

}  // namespace pomona
