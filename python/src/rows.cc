#include "rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "errors.h"
#include "pomona/base/parallel.h"
#include "pomona/base/resources.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

template <typename Array, typename T>
Array Owned(std::unique_ptr<T[]> values, std::initializer_list<std::size_t> shape) {
  T* const data = values.release();
  const nb::capsule owner(data, [](void* pointer) noexcept { delete[] static_cast<T*>(pointer); });
  return Array(data, shape, owner);
}

}  // namespace

ArrayRows::ArrayRows(const std::vector<RowArray>& arrays) {
  if (arrays.empty()) Raise(Status::Invalid("no rows of features were given"));
  dim_ = static_cast<std::int64_t>(arrays.front().shape(1));
  for (const RowArray& array : arrays) {
    const MatrixView<const float> rows{array.data(), static_cast<std::int64_t>(array.shape(0)),
                                       static_cast<std::int64_t>(array.shape(1))};
    if (rows.cols != dim_) Raise(Status::Invalid("rows of ", dim_, " and of ", rows.cols, " features"));
    if (rows.rows == 0) continue;
    pieces_.push_back({rows, rows_});
    rows_ += rows.rows;
  }
}

Status ArrayRows::Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const {
  const std::int64_t first = block * kBlockRows;
  const std::int64_t count = std::min(kBlockRows, rows_ - first);
  const auto name = [first](std::int64_t i) { return "row " + std::to_string(first + i); };
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), first,
                                [](std::int64_t row, const Piece& other) { return row < other.first; }) -
               1;
  if (piece->first + piece->rows.rows >= first + count) {
    return visit({piece->rows.rows_between(first - piece->first, count), name});
  }
  std::vector<float> gathered(static_cast<std::size_t>(count * dim_));
  for (std::int64_t row = 0; row < count; ++piece) {
    const std::int64_t from = first + row - piece->first;
    const std::int64_t taken = std::min(count - row, piece->rows.rows - from);
    std::copy_n(piece->rows.row(from).data(), taken * dim_, gathered.data() + row * dim_);
    row += taken;
  }
  return visit({{gathered.data(), count, dim_}, name});
}

int ThreadCount(int threads) { return threads > 0 ? threads : UsableThreads(); }

Status ForEachBlock(const RowSource& rows, int threads, const Cancellation* cancellation,
                    const std::function<Status(const RowBlock& block, std::int64_t first)>& task) {
  return ParallelFor(
      rows.block_count(), ThreadCount(threads),
      [&](std::int64_t block) {
        return rows.Visit(block, [&](const RowBlock& part) { return task(part, block * ArrayRows::kBlockRows); });
      },
      cancellation);
}

DoubleMatrix ToNumpy(std::unique_ptr<double[]> values, std::int64_t rows, std::int64_t cols) {
  return Owned<DoubleMatrix>(std::move(values), {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)});
}

FloatMatrix ToNumpy(std::unique_ptr<float[]> values, std::int64_t rows, std::int64_t cols) {
  return Owned<FloatMatrix>(std::move(values), {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)});
}

DoubleVector ToNumpy(const std::vector<double>& values) {
  auto copy = std::make_unique<double[]>(values.size());
  std::copy(values.begin(), values.end(), copy.get());
  return Owned<DoubleVector>(std::move(copy), {values.size()});
}

}  // namespace pomona::python
