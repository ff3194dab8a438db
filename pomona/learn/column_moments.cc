#include "pomona/learn/column_moments.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pomona/learn/row_kernels.h"
#include "pomona/learn/state_bytes.h"

namespace pomona {
namespace {

constexpr std::string_view kName = "PMOMENT1";

// Columns handled at a time, so that a block's part stays in the cache between the sums and the squares.
constexpr std::int64_t kTile = 256;

}  // namespace

ColumnMoments::ColumnMoments(std::int64_t dim)
    : mean_(static_cast<std::size_t>(dim)), m2_(static_cast<std::size_t>(dim)) {}

Result<ColumnMoments> ColumnMoments::Make(std::int64_t dim) {
  if (dim < 1) return Status::Invalid("statistics of ", dim, " columns; want at least 1");
  return ColumnMoments(dim);
}

Status ColumnMoments::Update(const RowBlock& block) {
  if (block.rows.cols != dim()) {
    return Status::Invalid("rows of ", block.rows.cols, " features; the statistics have ", dim());
  }
  if (block.rows.rows == 0) return Status::OK();
  ColumnMoments added(dim());
  added.count_ = block.rows.rows;
  const auto n = static_cast<double>(added.count_);
  for (std::int64_t first = 0; first < dim(); first += kTile) {
    const ColumnRange columns{first, std::min(kTile, dim() - first)};
    const auto part = [&](std::vector<double>& all) {
      return std::span(all).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(columns.count));
    };
    ColumnSums(block.rows, columns, part(added.mean_));
    for (double& value : part(added.mean_)) {
      if (!std::isfinite(value)) return CheckFinite(block);
      value /= n;
    }
    ColumnSquares(block.rows, columns, part(added.mean_), part(added.m2_));
  }
  return Merge(added);
}

Status ColumnMoments::Merge(const ColumnMoments& other) {
  if (other.dim() != dim()) return Status::Invalid("statistics of ", dim(), " and of ", other.dim(), " columns");
  if (other.count_ == 0) return Status::OK();
  if (count_ == 0) {
    *this = other;
    return Status::OK();
  }
  const auto ours = static_cast<double>(count_);
  const auto theirs = static_cast<double>(other.count_);
  const double share = theirs / (ours + theirs);
  for (std::size_t j = 0; j < mean_.size(); ++j) {
    const double step = other.mean_[j] - mean_[j];
    mean_[j] += step * share;
    m2_[j] += other.m2_[j] + step * step * (ours * share);
  }
  count_ += other.count_;
  return Status::OK();
}

std::string ColumnMoments::Serialize() const {
  StateWriter writer(kName);
  writer.Add(dim());
  writer.Add(count_);
  writer.Add(mean_);
  writer.Add(m2_);
  return std::move(writer).Finish();
}

Result<ColumnMoments> ColumnMoments::Deserialize(std::string_view bytes) {
  StateReader reader(bytes);
  ARROW_RETURN_NOT_OK(reader.Expect(kName));
  std::int64_t dim = 0;
  std::int64_t count = 0;
  ARROW_RETURN_NOT_OK(reader.Read(dim));
  ARROW_RETURN_NOT_OK(reader.Read(count));
  const std::size_t values = reader.left() / sizeof(double);
  if (dim < 1 || count < 0 || reader.left() % (2 * sizeof(double)) != 0 ||
      values / 2 != static_cast<std::size_t>(dim)) {
    return Status::Invalid("statistics of ", dim, " columns and ", count, " rows cannot have ", bytes.size(), " bytes");
  }
  ColumnMoments state(dim);
  state.count_ = count;
  ARROW_RETURN_NOT_OK(reader.Read(state.mean_));
  ARROW_RETURN_NOT_OK(reader.Read(state.m2_));
  return state;
}

}  // namespace pomona
