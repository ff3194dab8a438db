#include "pomona/learn/symmetric_eigen.h"

#include <algorithm>
#include <utility>

#include "pomona/learn/lapack.h"

namespace pomona {
namespace {

// The k largest eigenpairs of a tridiagonal matrix, ascending; columns of length n one after the other.
Result<Matrix> TridiagonalVectors(std::vector<double> diagonal, std::vector<double> off_diagonal, int count) {
  const auto n = static_cast<int>(diagonal.size());
  const int first = n - count + 1;
  int found = 0;
  int info = 0;
  int relative_accuracy = 1;
  Matrix vectors = Matrix::Zeros(count, n);
  {
    std::vector<double> d = diagonal;
    std::vector<double> e = off_diagonal;
    e.resize(static_cast<std::size_t>(n));
    std::vector<double> values(static_cast<std::size_t>(n));
    std::vector<int> support(2 * static_cast<std::size_t>(count));
    const int double_size = 18 * n;
    const int int_size = 10 * n;
    std::vector<double> work(static_cast<std::size_t>(double_size));
    std::vector<int> int_work(static_cast<std::size_t>(int_size));
    const double unused = 0;
    dstemr_("V", "I", &n, d.data(), e.data(), &unused, &unused, &first, &n, &found, values.data(),
            vectors.values.data(), &n, &count, support.data(), &relative_accuracy, work.data(), &double_size,
            int_work.data(), &int_size, &info, 1, 1);
  }
  if (info == 0 && found == count) return vectors;

  Matrix all = Matrix::Zeros(n, n);
  double wanted = 0;
  int int_wanted = 0;
  const int ask = -1;
  off_diagonal.resize(static_cast<std::size_t>(n));
  dstedc_("I", &n, diagonal.data(), off_diagonal.data(), all.values.data(), &n, &wanted, &ask, &int_wanted, &ask, &info,
          1);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dstedc"));
  auto work = lapack::Workspace(wanted);
  const auto size = static_cast<int>(work.size());
  std::vector<int> int_work(static_cast<std::size_t>(std::max<int>(1, int_wanted)));
  dstedc_("I", &n, diagonal.data(), off_diagonal.data(), all.values.data(), &n, work.data(), &size, int_work.data(),
          &int_wanted, &info, 1);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dstedc"));
  std::copy(all.values.end() - static_cast<std::ptrdiff_t>(vectors.values.size()), all.values.end(),
            vectors.values.begin());
  return vectors;
}

}  // namespace

Result<SymmetricEigen> SymmetricEigen::Make(Matrix matrix) {
  if (matrix.rows != matrix.cols) {
    return Status::Invalid("eigenvalues of a matrix of shape (", matrix.rows, ", ", matrix.cols, "); want it square");
  }
  SymmetricEigen eigen;
  const auto n = static_cast<int>(matrix.rows);
  eigen.reflectors_ = std::move(matrix);
  if (n == 0) return eigen;
  const auto size = static_cast<std::size_t>(n);
  eigen.diagonal_.resize(size);
  eigen.off_diagonal_.resize(size - 1);
  eigen.reflector_scales_.resize(size);
  int info = 0;
  const int ask = -1;
  double wanted = 0;
  double none = 0;
  double* const off_diagonal = n > 1 ? eigen.off_diagonal_.data() : &none;
  // The upper triangle in rows is the lower one in columns.
  dsytrd_("L", &n, eigen.reflectors_.values.data(), &n, eigen.diagonal_.data(), off_diagonal,
          eigen.reflector_scales_.data(), &wanted, &ask, &info, 1);
  auto work = lapack::Workspace(wanted);
  const auto work_size = static_cast<int>(work.size());
  dsytrd_("L", &n, eigen.reflectors_.values.data(), &n, eigen.diagonal_.data(), off_diagonal,
          eigen.reflector_scales_.data(), work.data(), &work_size, &info, 1);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dsytrd"));

  eigen.values_ = eigen.diagonal_;
  std::vector<double> scratch = eigen.off_diagonal_;
  scratch.resize(size);
  dsterf_(&n, eigen.values_.data(), scratch.data(), &info);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dsterf"));
  std::reverse(eigen.values_.begin(), eigen.values_.end());
  return eigen;
}

Result<Matrix> SymmetricEigen::LeadingVectors(std::int64_t count) const {
  const auto n = static_cast<int>(values_.size());
  if (count < 0 || count > n) return Status::Invalid(count, " eigenvectors of a matrix of size ", n);
  if (count == 0) return Matrix::Zeros(0, n);
  ARROW_ASSIGN_OR_RAISE(Matrix vectors, TridiagonalVectors(diagonal_, off_diagonal_, static_cast<int>(count)));
  const auto columns = static_cast<int>(count);
  int info = 0;
  const int ask = -1;
  double wanted = 0;
  dormtr_("L", "L", "N", &n, &columns, reflectors_.values.data(), &n, reflector_scales_.data(), vectors.values.data(),
          &n, &wanted, &ask, &info, 1, 1, 1);
  auto work = lapack::Workspace(wanted);
  const auto work_size = static_cast<int>(work.size());
  dormtr_("L", "L", "N", &n, &columns, reflectors_.values.data(), &n, reflector_scales_.data(), vectors.values.data(),
          &n, work.data(), &work_size, &info, 1, 1, 1);
  ARROW_RETURN_NOT_OK(lapack::Check(info, "dormtr"));
  for (std::int64_t low = 0, high = count - 1; low < high; ++low, --high) {
    std::swap_ranges(vectors.view().row(low).begin(), vectors.view().row(low).end(), vectors.view().row(high).begin());
  }
  return vectors;
}

}  // namespace pomona
