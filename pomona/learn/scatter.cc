#include "pomona/learn/scatter.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "pomona/learn/matrix_product.h"
#include "pomona/learn/row_kernels.h"
#include "pomona/learn/state_bytes.h"

namespace pomona {
namespace {

constexpr std::string_view kName = "PSCATTR1";

// Rows centred at a time: deep enough for the matrix product to reach its full speed, small enough (2 MB at d = 512)
// to stay in the cache.
constexpr std::int64_t kPanelRows = 512;

std::span<const double> Upper(const Matrix& matrix, std::int64_t row) {
  return matrix.view().row(row).subspan(static_cast<std::size_t>(row));
}

std::span<double> Upper(Matrix& matrix, std::int64_t row) {
  return matrix.view().row(row).subspan(static_cast<std::size_t>(row));
}

}  // namespace

ScatterState::ScatterState(std::int64_t dim)
    : mean_(static_cast<std::size_t>(dim)), scatter_(Matrix::Zeros(dim, dim)) {}

Result<ScatterState> ScatterState::Make(std::int64_t dim) {
  if (dim < 1) return Status::Invalid("a scatter matrix of ", dim, " columns; want at least 1");
  if (dim > kMaxDim) {
    return Status::CapacityError("a scatter matrix of ", dim, " columns needs ", 8 * dim * dim, " bytes; at most ",
                                 kMaxDim, " columns are allowed");
  }
  return ScatterState(dim);
}

Status ScatterState::Update(const RowBlock& block, Pool<Matrix>* scratch) {
  const MatrixView<const float> rows = block.rows;
  if (rows.cols != dim()) return Status::Invalid("rows of ", rows.cols, " features; the scatter matrix has ", dim());
  if (rows.rows == 0) return Status::OK();
  if (count_ != 0) {
    ScatterState added(dim());
    ARROW_RETURN_NOT_OK(added.Update(block, scratch));
    return Merge(added);
  }
  const ColumnRange all{0, dim()};
  std::vector<double> mean(mean_.size());
  ColumnSums(rows, all, mean);
  for (double& value : mean) {
    if (!std::isfinite(value)) return CheckFinite(block);
    value /= static_cast<double>(rows.rows);
  }
  std::optional<Matrix> spare = scratch != nullptr ? scratch->Take() : std::nullopt;
  Matrix panel = spare ? *std::move(spare) : Matrix::Zeros(kPanelRows, dim());
  for (std::int64_t first = 0; first < rows.rows; first += kPanelRows) {
    const std::int64_t count = std::min(kPanelRows, rows.rows - first);
    const auto part = panel.view().rows_between(0, count);
    Center(rows.rows_between(first, count), all, mean, part);
    Gram(part, scatter_.view(), first > 0);
  }
  if (scratch != nullptr) scratch->Give(std::move(panel));
  mean_ = std::move(mean);
  count_ = rows.rows;
  return Status::OK();
}

void ScatterState::Clear() {
  count_ = 0;
  std::ranges::fill(mean_, 0.0);
  std::ranges::fill(scatter_.values, 0.0);
}

Status ScatterState::Merge(const ScatterState& other) {
  if (other.dim() != dim()) return Status::Invalid("scatter matrices of ", dim(), " and of ", other.dim(), " columns");
  if (other.count_ == 0) return Status::OK();
  if (count_ == 0) {
    *this = other;
    return Status::OK();
  }
  const auto ours = static_cast<double>(count_);
  const auto theirs = static_cast<double>(other.count_);
  const double share = theirs / (ours + theirs);
  std::vector<double> step(mean_.size());
  for (std::size_t j = 0; j < step.size(); ++j) step[j] = other.mean_[j] - mean_[j];
  for (std::int64_t i = 0; i < dim(); ++i) {
    const auto first = static_cast<std::size_t>(i);
    AddWithStep(Upper(scatter_, i), Upper(other.scatter_, i), step[first] * (ours * share),
                std::span<const double>(step).subspan(first));
  }
  for (std::size_t j = 0; j < step.size(); ++j) mean_[j] += step[j] * share;
  count_ += other.count_;
  return Status::OK();
}

std::vector<double> ScatterState::m2() const {
  std::vector<double> diagonal(mean_.size());
  for (std::int64_t i = 0; i < dim(); ++i) diagonal[static_cast<std::size_t>(i)] = scatter_.view()(i, i);
  return diagonal;
}

std::string ScatterState::Serialize() const {
  StateWriter writer(kName);
  writer.Add(dim());
  writer.Add(count_);
  writer.Add(mean_);
  for (std::int64_t i = 0; i < dim(); ++i) writer.Add(Upper(scatter_, i));
  return std::move(writer).Finish();
}

Result<ScatterState> ScatterState::Deserialize(std::string_view bytes) {
  StateReader reader(bytes);
  ARROW_RETURN_NOT_OK(reader.Expect(kName));
  std::int64_t dim = 0;
  std::int64_t count = 0;
  ARROW_RETURN_NOT_OK(reader.Read(dim));
  ARROW_RETURN_NOT_OK(reader.Read(count));
  if (dim < 1 || dim > kMaxDim || count < 0 ||
      reader.left() != sizeof(double) * static_cast<std::size_t>(dim + dim * (dim + 1) / 2)) {
    return Status::Invalid("a scatter matrix of ", dim, " columns and ", count, " rows cannot have ", bytes.size(),
                           " bytes");
  }
  ScatterState state(dim);
  state.count_ = count;
  ARROW_RETURN_NOT_OK(reader.Read(state.mean_));
  for (std::int64_t i = 0; i < dim; ++i) ARROW_RETURN_NOT_OK(reader.Read(Upper(state.scatter_, i)));
  return state;
}

}  // namespace pomona
