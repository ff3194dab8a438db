#pragma once

#include <cstdint>
#include <span>

#include "pomona/base/matrix_view.h"
#include "pomona/base/status.h"
#include "pomona/learn/row_source.h"

namespace pomona {

/// \file
/// \brief The loops over rows that the statistics share: columns [first, first + count) of a float32 block of shape
/// (n, d) are read, all sums are float64 and run down the rows in order.

/// A range of columns.
struct ColumnRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// \brief sums[j] := sum over rows of x[i, first + j]; shape of sums (count,).
///
/// A sum is not finite exactly when one of its values is not (2^29 rows of the largest float32 stay far below the
/// largest float64).
void ColumnSums(MatrixView<const float> rows, ColumnRange columns, std::span<double> sums);

/// \brief sums[j] := sum over rows of (x[i, first + j] - mean[j])^2.
void ColumnSquares(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean,
                   std::span<double> sums);

/// \brief out[i, j] := (x[i, first + j] - mean[j]) * factor[j]; shape of out (n, count).
void Standardize(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean,
                 std::span<const double> factor, MatrixView<double> out);

/// \brief The same without a factor.
void Center(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean, MatrixView<double> out);

/// \brief sums[j] += added[j].
void AddTo(std::span<double> sums, std::span<const double> added);

/// \brief sums[j] += added[j] + weight * step[j], one row of the pairwise update of a scatter matrix.
void AddWithStep(std::span<double> sums, std::span<const double> added, double weight, std::span<const double> step);

/// \return Invalid naming the first row (by `block.name`, else by its number) and the first feature that is NaN or
///         infinite; OK if there is none
Status CheckFinite(const RowBlock& block);

}  // namespace pomona
