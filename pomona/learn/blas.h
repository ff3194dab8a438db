#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/learn/matrix.h"

namespace pomona::blas {

/// \file
/// \brief The one place that calls OpenBLAS and LAPACK.
///
/// Every call runs on the thread that makes it, so that results do not depend on the number of processors;
/// parallelism belongs to the caller. All matrices are row-major float64. The bits depend on the kernel that
/// OpenBLAS picks for the processor: see `KernelName`.
///
/// Thread safety: all functions may run together.

/// \return what OpenBLAS says of itself, such as "OpenBLAS 0.3.21"
std::string LibraryName();

/// \return the name of the kernels in use, such as "Haswell" or "SkylakeX"; two processors of the same name give the
/// same bits
std::string KernelName();

enum class Transpose { kNo, kYes };

/// \brief A part of a row-major matrix: row i starts at data + i * stride.
template <typename T>
struct StridedView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  StridedView(T* first, std::int64_t n, std::int64_t m, std::int64_t row_stride)
      : data(first), rows(n), cols(m), stride(row_stride) {}
  template <typename U>
    requires std::is_convertible_v<U*, T*>
  StridedView(MatrixView<U> view) : StridedView(view.data, view.rows, view.cols, view.cols) {}
  operator StridedView<const T>() const { return {data, rows, cols, stride}; }
};

/// \brief gram := rows^T rows, or gram += rows^T rows; only the upper triangle is written.
///
/// \param[in] rows shape (n, d)
/// \param[in,out] gram shape (d, d)
void Gram(MatrixView<const double> rows, MatrixView<double> gram, bool accumulate);

/// \brief out := factor * op(a) op(b) + keep * out, by dgemm; shapes must agree.
void Multiply(Transpose transpose_a, StridedView<const double> a, Transpose transpose_b, StridedView<const double> b,
              double factor, double keep, StridedView<double> out);

/// \brief Replaces the rows of a (m, d) matrix, m <= d, by orthonormal ones that span the same space (Householder).
///
/// Rows that depend on earlier ones become some other unit vectors orthogonal to all.
Status OrthonormalizeRows(Matrix& rows);

/// \brief Eigenvalues of a symmetric matrix at once, eigenvectors only of the largest when asked for.
///
/// The matrix is brought to tridiagonal form (dsytrd) once; the values come by the root-free QR method (dsterf), the
/// vectors by multiple relatively robust representations (dstemr), or by divide and conquer (dstedc) should that fail.
class SymmetricEigen {
 public:
  /// \param[in] matrix shape (d, d), taken over; only the upper triangle is read
  static Result<SymmetricEigen> Make(Matrix matrix);

  /// All d eigenvalues, largest first.
  const std::vector<double>& values() const { return values_; }

  /// \return the unit eigenvectors of the `count` largest values as rows, shape (count, d); their signs are arbitrary
  Result<Matrix> LeadingVectors(std::int64_t count) const;

 private:
  Matrix reflectors_;
  std::vector<double> reflector_scales_;
  std::vector<double> diagonal_;
  std::vector<double> off_diagonal_;
  std::vector<double> values_;
};

}  // namespace pomona::blas
