#include "pomona/learn/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "pomona/learn/vector_clones.h"

// The clones are free functions over plain pointers: the compiler vectorises those for each instruction set.
namespace pomona {
namespace {

POMONA_VECTOR_CLONES void AddFourRows(const float* x, std::int64_t stride, std::int64_t count, double* sums) {
  const float* const a = x;
  const float* const b = x + stride;
  const float* const c = x + 2 * stride;
  const float* const d = x + 3 * stride;
  for (std::int64_t j = 0; j < count; ++j) {
    const double low = static_cast<double>(a[j]) + static_cast<double>(b[j]);
    const double high = static_cast<double>(c[j]) + static_cast<double>(d[j]);
    sums[j] += low + high;
  }
}

POMONA_VECTOR_CLONES void AddOneRow(const float* x, std::int64_t count, double* sums) {
  for (std::int64_t j = 0; j < count; ++j) sums[j] += static_cast<double>(x[j]);
}

POMONA_VECTOR_CLONES void AddSquares(const float* x, std::int64_t count, const double* mean, double* sums) {
  for (std::int64_t j = 0; j < count; ++j) {
    const double centered = static_cast<double>(x[j]) - mean[j];
    sums[j] += centered * centered;
  }
}

POMONA_VECTOR_CLONES void StandardizeRow(const float* x, std::int64_t count, const double* mean, const double* factor,
                                         double* out) {
  for (std::int64_t j = 0; j < count; ++j) out[j] = (static_cast<double>(x[j]) - mean[j]) * factor[j];
}

POMONA_VECTOR_CLONES void CenterRow(const float* x, std::int64_t count, const double* mean, double* out) {
  for (std::int64_t j = 0; j < count; ++j) out[j] = static_cast<double>(x[j]) - mean[j];
}

POMONA_VECTOR_CLONES void AddScaled(double* sums, const double* added, double weight, const double* step,
                                    std::int64_t count) {
  for (std::int64_t j = 0; j < count; ++j) sums[j] += added[j] + weight * step[j];
}

POMONA_VECTOR_CLONES void AddPlain(double* sums, const double* added, std::int64_t count) {
  for (std::int64_t j = 0; j < count; ++j) sums[j] += added[j];
}

}  // namespace

void ColumnSums(MatrixView<const float> rows, ColumnRange columns, std::span<double> sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  const float* x = rows.data + columns.first;
  std::int64_t i = 0;
  for (; i + 4 <= rows.rows; i += 4) AddFourRows(x + i * rows.cols, rows.cols, columns.count, sums.data());
  for (; i < rows.rows; ++i) AddOneRow(x + i * rows.cols, columns.count, sums.data());
}

void ColumnSquares(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean,
                   std::span<double> sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    AddSquares(rows.data + i * rows.cols + columns.first, columns.count, mean.data(), sums.data());
  }
}

void Standardize(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean,
                 std::span<const double> factor, MatrixView<double> out) {
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    StandardizeRow(rows.data + i * rows.cols + columns.first, columns.count, mean.data(), factor.data(),
                   out.data + i * out.cols);
  }
}

void Center(MatrixView<const float> rows, ColumnRange columns, std::span<const double> mean, MatrixView<double> out) {
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    CenterRow(rows.data + i * rows.cols + columns.first, columns.count, mean.data(), out.data + i * out.cols);
  }
}

void AddTo(std::span<double> sums, std::span<const double> added) {
  AddPlain(sums.data(), added.data(), static_cast<std::int64_t>(sums.size()));
}

void AddWithStep(std::span<double> sums, std::span<const double> added, double weight, std::span<const double> step) {
  AddScaled(sums.data(), added.data(), weight, step.data(), static_cast<std::int64_t>(sums.size()));
}

Status CheckFinite(const RowBlock& block) {
  for (std::int64_t i = 0; i < block.rows.rows; ++i) {
    const auto row = block.rows.row(i);
    const auto bad = std::find_if(row.begin(), row.end(), [](float value) { return !std::isfinite(value); });
    if (bad == row.end()) continue;
    const std::string name = block.name ? block.name(i) : "row " + std::to_string(i) + " of the block";
    return Status::Invalid(name, ": feature ", bad - row.begin(), " is ", std::isnan(*bad) ? "NaN" : "infinite",
                           "; finite numbers are wanted: leave this row out");
  }
  return Status::OK();
}

}  // namespace pomona
