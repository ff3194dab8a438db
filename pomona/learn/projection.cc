#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "pomona/learn/reduction.h"
#include "pomona/learn/row_kernels.h"
#include "pomona/learn/vector_clones.h"

// Each score adds its products in the order of the features, 256 at a time, whatever stands beside it: neither the
// number of rows in a call nor the width of the processor's vectors changes a bit.
namespace pomona {
namespace {

constexpr std::int64_t kRows = 4;       // rows that share one load of the components
constexpr std::int64_t kWidth = 16;     // components added side by side
constexpr std::int64_t kStretch = 256;  // features summed before the sum joins the total

using Eight [[gnu::vector_size(64), gnu::aligned(8), gnu::may_alias]] = double;

// totals (kRows, kWidth) += rows (kRows, count) times weights (count, kWidth).
POMONA_VECTOR_CLONES void AddStretch(const double* rows, std::int64_t row_stride, const double* weights,
                                     std::int64_t count, double* totals) {
  Eight sums[kRows][2] = {};
  for (std::int64_t j = 0; j < count; ++j) {
    Eight low;
    Eight high;
    std::memcpy(&low, weights + j * kWidth, sizeof low);
    std::memcpy(&high, weights + j * kWidth + 8, sizeof high);
    for (std::int64_t i = 0; i < kRows; ++i) {
      const double value = rows[i * row_stride + j];
      sums[i][0] += value * low;
      sums[i][1] += value * high;
    }
  }
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t c = 0; c < 8; ++c) {
      totals[i * kWidth + c] += sums[i][0][c];
      totals[i * kWidth + 8 + c] += sums[i][1][c];
    }
  }
}

// Components in groups of kWidth, features outermost within a group, the last group padded with zeros.
std::vector<double> Interleave(const Matrix& components) {
  const std::int64_t groups = (components.rows + kWidth - 1) / kWidth;
  std::vector<double> weights(static_cast<std::size_t>(groups * kWidth * components.cols));
  for (std::int64_t k = 0; k < components.rows; ++k) {
    double* const to = weights.data() + (k / kWidth) * kWidth * components.cols + k % kWidth;
    for (std::int64_t j = 0; j < components.cols; ++j) to[j * kWidth] = components.view()(k, j);
  }
  return weights;
}

}  // namespace

Status Reduction::Project(MatrixView<const float> rows, MatrixView<double> projected) const {
  if (rows.cols != dim()) return Status::Invalid("rows of ", rows.cols, " features; the model was fitted on ", dim());
  if (projected.rows != rows.rows || projected.cols != kept()) {
    return Status::Invalid("room for a projection of shape (", projected.rows, ", ", projected.cols, "); want (",
                           rows.rows, ", ", kept(), ")");
  }
  std::vector<double> factor(scale.size());
  std::ranges::transform(scale, factor.begin(), [](double value) { return value == 0 ? 0 : 1 / value; });
  const std::vector<double> weights = Interleave(components);
  std::vector<double> standardized(static_cast<std::size_t>(kRows * dim()));
  for (std::int64_t first = 0; first < rows.rows; first += kRows) {
    const std::int64_t count = std::min(kRows, rows.rows - first);
    Standardize(rows.rows_between(first, count), {0, dim()}, mean, factor, {standardized.data(), count, dim()});
    for (std::int64_t k = 0; k < kept(); k += kWidth) {
      double totals[kRows * kWidth] = {};
      for (std::int64_t j = 0; j < dim(); j += kStretch) {
        AddStretch(standardized.data() + j, dim(), weights.data() + k * dim() + j * kWidth,
                   std::min(kStretch, dim() - j), totals);
      }
      const std::int64_t width = std::min(kWidth, kept() - k);
      for (std::int64_t i = 0; i < count; ++i) std::copy_n(totals + i * kWidth, width, &projected(first + i, k));
    }
  }
  return Status::OK();
}

}  // namespace pomona
