#include "pomona/learn/blas.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <cblas.h>
#include <openblas_config.h>

// LAPACK as OpenBLAS carries it, in Fortran's calling convention. Declared here because lapacke.h would add a second
// library, whose only use is to transpose what need not be transposed.
extern "C" {
void dsytrd_(const char* uplo, const blasint* n, double* a, const blasint* lda, double* d, double* e, double* tau,
             double* work, const blasint* lwork, blasint* info, std::size_t);
void dsterf_(const blasint* n, double* d, double* e, blasint* info);
void dstemr_(const char* jobz, const char* range, const blasint* n, double* d, double* e, const double* vl,
             const double* vu, const blasint* il, const blasint* iu, blasint* m, double* w, double* z,
             const blasint* ldz, const blasint* nzc, blasint* isuppz, blasint* tryrac, double* work,
             const blasint* lwork, blasint* iwork, const blasint* liwork, blasint* info, std::size_t, std::size_t);
void dstedc_(const char* compz, const blasint* n, double* d, double* e, double* z, const blasint* ldz, double* work,
             const blasint* lwork, blasint* iwork, const blasint* liwork, blasint* info, std::size_t);
void dormtr_(const char* side, const char* uplo, const char* trans, const blasint* m, const blasint* n, const double* a,
             const blasint* lda, const double* tau, double* c, const blasint* ldc, double* work, const blasint* lwork,
             blasint* info, std::size_t, std::size_t, std::size_t);
void dgeqrf_(const blasint* m, const blasint* n, double* a, const blasint* lda, double* tau, double* work,
             const blasint* lwork, blasint* info);
void dorgqr_(const blasint* m, const blasint* n, const blasint* k, double* a, const blasint* lda, const double* tau,
             double* work, const blasint* lwork, blasint* info);
}

namespace pomona::blas {
namespace {

// OpenBLAS keeps one thread count for the whole process; at 1 each call works on its caller's thread, and callers may
// run side by side.
void UseCallersThread() {
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
}

Status Check(blasint info, const char* routine) {
  if (info == 0) return Status::OK();
  return Status::UnknownError("LAPACK's ", routine, " failed with info = ", info);
}

std::vector<double> Workspace(double wanted) {
  return std::vector<double>(static_cast<std::size_t>(std::max(1.0, wanted)));
}

// The k largest eigenpairs of a tridiagonal matrix, ascending; columns of length n one after the other.
Result<Matrix> TridiagonalVectors(std::vector<double> diagonal, std::vector<double> off_diagonal, blasint count) {
  const auto n = static_cast<blasint>(diagonal.size());
  const blasint first = n - count + 1;
  blasint found = 0;
  blasint info = 0;
  blasint relative_accuracy = 1;
  Matrix vectors = Matrix::Zeros(count, n);
  {
    std::vector<double> d = diagonal;
    std::vector<double> e = off_diagonal;
    e.resize(static_cast<std::size_t>(n));
    std::vector<double> values(static_cast<std::size_t>(n));
    std::vector<blasint> support(2 * static_cast<std::size_t>(count));
    const auto double_size = static_cast<blasint>(18 * n);
    const auto int_size = static_cast<blasint>(10 * n);
    std::vector<double> work(static_cast<std::size_t>(double_size));
    std::vector<blasint> int_work(static_cast<std::size_t>(int_size));
    const double unused = 0;
    dstemr_("V", "I", &n, d.data(), e.data(), &unused, &unused, &first, &n, &found, values.data(),
            vectors.values.data(), &n, &count, support.data(), &relative_accuracy, work.data(), &double_size,
            int_work.data(), &int_size, &info, 1, 1);
  }
  if (info == 0 && found == count) return vectors;

  Matrix all = Matrix::Zeros(n, n);
  double wanted = 0;
  blasint int_wanted = 0;
  const blasint ask = -1;
  off_diagonal.resize(static_cast<std::size_t>(n));
  dstedc_("I", &n, diagonal.data(), off_diagonal.data(), all.values.data(), &n, &wanted, &ask, &int_wanted, &ask, &info,
          1);
  ARROW_RETURN_NOT_OK(Check(info, "dstedc"));
  auto work = Workspace(wanted);
  const auto size = static_cast<blasint>(work.size());
  std::vector<blasint> int_work(static_cast<std::size_t>(std::max<blasint>(1, int_wanted)));
  dstedc_("I", &n, diagonal.data(), off_diagonal.data(), all.values.data(), &n, work.data(), &size, int_work.data(),
          &int_wanted, &info, 1);
  ARROW_RETURN_NOT_OK(Check(info, "dstedc"));
  std::copy(all.values.end() - static_cast<std::ptrdiff_t>(vectors.values.size()), all.values.end(),
            vectors.values.begin());
  return vectors;
}

}  // namespace

std::string LibraryName() {
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  const auto version = config.find(' ');
  return config.substr(0, version == std::string::npos ? version : config.find(' ', version + 1));
}

std::string KernelName() { return openblas_get_corename(); }

void Gram(MatrixView<const double> rows, MatrixView<double> gram, bool accumulate) {
  UseCallersThread();
  const auto d = static_cast<blasint>(rows.cols);
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, d, static_cast<blasint>(rows.rows), 1.0, rows.data, d,
              accumulate ? 1.0 : 0.0, gram.data, d);
}

void Multiply(Transpose transpose_a, StridedView<const double> a, Transpose transpose_b, StridedView<const double> b,
              double factor, double keep, StridedView<double> out) {
  UseCallersThread();
  const auto stride = [](std::int64_t value) { return static_cast<blasint>(std::max<std::int64_t>(1, value)); };
  const std::int64_t inner = transpose_a == Transpose::kNo ? a.cols : a.rows;
  cblas_dgemm(CblasRowMajor, transpose_a == Transpose::kNo ? CblasNoTrans : CblasTrans,
              transpose_b == Transpose::kNo ? CblasNoTrans : CblasTrans, static_cast<blasint>(out.rows),
              static_cast<blasint>(out.cols), static_cast<blasint>(inner), factor, a.data, stride(a.stride), b.data,
              stride(b.stride), keep, out.data, stride(out.stride));
}

Status OrthonormalizeRows(Matrix& rows) {
  UseCallersThread();
  if (rows.rows > rows.cols) {
    return Status::Invalid(rows.rows, " orthonormal rows do not fit into ", rows.cols, " dimensions");
  }
  // Our rows are the columns of the matrix that Fortran sees.
  const auto length = static_cast<blasint>(rows.cols);
  const auto count = static_cast<blasint>(rows.rows);
  if (count == 0) return Status::OK();
  std::vector<double> scales(static_cast<std::size_t>(count));
  blasint info = 0;
  const blasint ask = -1;
  double wanted = 0;
  double wanted_again = 0;
  dgeqrf_(&length, &count, rows.values.data(), &length, scales.data(), &wanted, &ask, &info);
  dorgqr_(&length, &count, &count, rows.values.data(), &length, scales.data(), &wanted_again, &ask, &info);
  auto work = Workspace(std::max(wanted, wanted_again));
  const auto size = static_cast<blasint>(work.size());
  dgeqrf_(&length, &count, rows.values.data(), &length, scales.data(), work.data(), &size, &info);
  ARROW_RETURN_NOT_OK(Check(info, "dgeqrf"));
  dorgqr_(&length, &count, &count, rows.values.data(), &length, scales.data(), work.data(), &size, &info);
  return Check(info, "dorgqr");
}

Result<SymmetricEigen> SymmetricEigen::Make(Matrix matrix) {
  UseCallersThread();
  if (matrix.rows != matrix.cols) {
    return Status::Invalid("eigenvalues of a matrix of shape (", matrix.rows, ", ", matrix.cols, "); want it square");
  }
  SymmetricEigen eigen;
  const auto n = static_cast<blasint>(matrix.rows);
  eigen.reflectors_ = std::move(matrix);
  if (n == 0) return eigen;
  const auto size = static_cast<std::size_t>(n);
  eigen.diagonal_.resize(size);
  eigen.off_diagonal_.resize(size - 1);
  eigen.reflector_scales_.resize(size);
  blasint info = 0;
  const blasint ask = -1;
  double wanted = 0;
  double none = 0;
  double* const off_diagonal = n > 1 ? eigen.off_diagonal_.data() : &none;
  // The upper triangle in rows is the lower one in columns.
  dsytrd_("L", &n, eigen.reflectors_.values.data(), &n, eigen.diagonal_.data(), off_diagonal,
          eigen.reflector_scales_.data(), &wanted, &ask, &info, 1);
  auto work = Workspace(wanted);
  const auto work_size = static_cast<blasint>(work.size());
  dsytrd_("L", &n, eigen.reflectors_.values.data(), &n, eigen.diagonal_.data(), off_diagonal,
          eigen.reflector_scales_.data(), work.data(), &work_size, &info, 1);
  ARROW_RETURN_NOT_OK(Check(info, "dsytrd"));

  eigen.values_ = eigen.diagonal_;
  std::vector<double> scratch = eigen.off_diagonal_;
  scratch.resize(size);
  dsterf_(&n, eigen.values_.data(), scratch.data(), &info);
  ARROW_RETURN_NOT_OK(Check(info, "dsterf"));
  std::reverse(eigen.values_.begin(), eigen.values_.end());
  return eigen;
}

Result<Matrix> SymmetricEigen::LeadingVectors(std::int64_t count) const {
  const auto n = static_cast<blasint>(values_.size());
  if (count < 0 || count > n) return Status::Invalid(count, " eigenvectors of a matrix of size ", n);
  if (count == 0) return Matrix::Zeros(0, n);
  ARROW_ASSIGN_OR_RAISE(Matrix vectors, TridiagonalVectors(diagonal_, off_diagonal_, static_cast<blasint>(count)));
  const auto columns = static_cast<blasint>(count);
  blasint info = 0;
  const blasint ask = -1;
  double wanted = 0;
  dormtr_("L", "L", "N", &n, &columns, reflectors_.values.data(), &n, reflector_scales_.data(), vectors.values.data(),
          &n, &wanted, &ask, &info, 1, 1, 1);
  auto work = Workspace(wanted);
  const auto work_size = static_cast<blasint>(work.size());
  dormtr_("L", "L", "N", &n, &columns, reflectors_.values.data(), &n, reflector_scales_.data(), vectors.values.data(),
          &n, work.data(), &work_size, &info, 1, 1, 1);
  ARROW_RETURN_NOT_OK(Check(info, "dormtr"));
  for (std::int64_t low = 0, high = count - 1; low < high; ++low, --high) {
    std::swap_ranges(vectors.view().row(low).begin(), vectors.view().row(low).end(), vectors.view().row(high).begin());
  }
  return vectors;
}

}  // namespace pomona::blas
