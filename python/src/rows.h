#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <nanobind/ndarray.h>

#include "pomona/base/cancellation.h"
#include "pomona/learn/matrix.h"
#include "pomona/learn/row_source.h"

namespace pomona::python {

/// Rows of features as NumPy holds them: float32, shape (n, d), row-major, only read.
using RowArray = nanobind::ndarray<const float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

using DoubleMatrix = nanobind::ndarray<nanobind::numpy, double, nanobind::ndim<2>>;
using DoubleVector = nanobind::ndarray<nanobind::numpy, double, nanobind::ndim<1>>;
using FloatMatrix = nanobind::ndarray<nanobind::numpy, float, nanobind::ndim<2>>;

/// \brief Rows that lie in several arrays, one after the other, seen as blocks of 1,024; row i is called "row i".
///
/// Blocks do not depend on where one array ends, so the result of a fit does not either. Only a block that lies in
/// more than one array is copied.
///
/// Thread safety: all calls may run together. The arrays must outlive this object and stay as they are.
class ArrayRows : public RowSource {
 public:
  static constexpr std::int64_t kBlockRows = 1024;

  /// \param[in] arrays shapes (n_i, d); throws ValueError when their d differ or there are none
  explicit ArrayRows(const std::vector<RowArray>& arrays);

  std::int64_t dim() const override { return dim_; }
  std::int64_t row_count() const override { return rows_; }
  std::int64_t block_count() const override { return (rows_ + kBlockRows - 1) / kBlockRows; }
  Status Visit(std::int64_t block, const std::function<Status(const RowBlock&)>& visit) const override;

 private:
  struct Piece {
    MatrixView<const float> rows;
    std::int64_t first;  ///< among all rows
  };
  std::vector<Piece> pieces_;
  std::int64_t dim_ = 0;
  std::int64_t rows_ = 0;
};

/// \brief Calls `task` for every block on up to `threads` threads, with its place among all rows.
///
/// \param[in] threads 0: what the machine has
Status ForEachBlock(const RowSource& rows, int threads, const Cancellation* cancellation,
                    const std::function<Status(const RowBlock& block, std::int64_t first)>& task);

/// \return `threads`, or what the machine has for 0
int ThreadCount(int threads);

/// \brief Hands memory over to NumPy.
DoubleMatrix ToNumpy(std::unique_ptr<double[]> values, std::int64_t rows, std::int64_t cols);
FloatMatrix ToNumpy(std::unique_ptr<float[]> values, std::int64_t rows, std::int64_t cols);
DoubleVector ToNumpy(const std::vector<double>& values);

}  // namespace pomona::python
