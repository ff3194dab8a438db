#include "pomona/learn/lapack.h"

#include <algorithm>

#include "pomona/learn/matrix_product.h"
#include "pomona/learn/vector_products.h"

// A column-major matrix of shape (m, n) is a row-major one of shape (n, m): below, every matrix is seen as its
// transpose.
namespace pomona::lapack {
namespace {

using Input = StridedView<const double>;
using Output = StridedView<double>;

bool Is(const char* option, char wanted) { return *option == wanted || *option == wanted + ('a' - 'A'); }

Transpose ToTranspose(const char* option) { return Is(option, 'N') ? Transpose::kNo : Transpose::kYes; }

/// A vector whose elements lie `step` apart, as Fortran has it: with a negative step the last one comes first.
std::vector<double> Gathered(const double* x, int count, int step) {
  std::vector<double> values(static_cast<std::size_t>(count));
  const double* from = step < 0 ? x - static_cast<std::ptrdiff_t>(count - 1) * step : x;
  for (double& value : values) {
    value = *from;
    from += step;
  }
  return values;
}

void Scatter(const std::vector<double>& values, double* x, int step) {
  double* to = step < 0 ? x - static_cast<std::ptrdiff_t>(values.size() - 1) * step : x;
  for (const double value : values) {
    *to = value;
    to += step;
  }
}

/// y of y := beta * y + ..., gathered.
std::vector<double> Kept(const double* y, int count, int step, double beta) {
  if (beta == 0) return std::vector<double>(static_cast<std::size_t>(count));
  std::vector<double> values = Gathered(y, count, step);
  if (beta != 1) {
    for (double& value : values) value *= beta;
  }
  return values;
}

/// The triangle of a matrix of shape (n, n) with zeros beside it.
std::vector<double> Triangle(const char* uplo, const char* diag, const double* a, int n, int lda) {
  std::vector<double> full(static_cast<std::size_t>(n) * static_cast<std::size_t>(n));
  for (int column = 0; column < n; ++column) {
    const int first = Is(uplo, 'U') ? 0 : column;
    const int last = Is(uplo, 'U') ? column : n - 1;
    double* const to = full.data() + static_cast<std::ptrdiff_t>(column) * n;
    const double* const from = a + static_cast<std::ptrdiff_t>(column) * lda;
    std::copy(from + first, from + last + 1, to + first);
    if (Is(diag, 'U')) to[column] = 1;
  }
  return full;
}

}  // namespace

Status Check(int info, const char* routine) {
  if (info == 0) return Status::OK();
  return Status::UnknownError("LAPACK's ", routine, " failed with info = ", info);
}

std::vector<double> Workspace(double wanted) {
  return std::vector<double>(static_cast<std::size_t>(std::max(1.0, wanted)));
}

// The part of BLAS in which LAPACK's time goes. What else it calls comes from the reference BLAS. Hidden, so that no
// other library of the process takes these for its own BLAS.
#define POMONA_BLAS extern "C" [[gnu::visibility("hidden")]] void

POMONA_BLAS dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                   const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
                   const double* beta, double* c, const int* ldc, std::size_t, std::size_t) {
  const Input a_view = Is(transa, 'N') ? Input(a, *k, *m, *lda) : Input(a, *m, *k, *lda);
  const Input b_view = Is(transb, 'N') ? Input(b, *n, *k, *ldb) : Input(b, *k, *n, *ldb);
  Multiply(ToTranspose(transb), b_view, ToTranspose(transa), a_view, *alpha, *beta, Output(c, *n, *m, *ldc));
}

POMONA_BLAS dtrmm_(const char* side, const char* uplo, const char* transa, const char* diag, const int* m, const int* n,
                   const double* alpha, const double* a, const int* lda, double* b, const int* ldb, std::size_t,
                   std::size_t, std::size_t, std::size_t) {
  const bool left = Is(side, 'L');
  const int size = left ? *m : *n;
  const std::vector<double> triangle = Triangle(uplo, diag, a, size, *lda);
  std::vector<double> before(static_cast<std::size_t>(*m) * static_cast<std::size_t>(*n));
  for (int column = 0; column < *n; ++column) {
    const double* const from = b + static_cast<std::ptrdiff_t>(column) * *ldb;
    std::copy(from, from + *m, before.begin() + static_cast<std::ptrdiff_t>(column) * *m);
  }
  const Input full(triangle.data(), size, size, size);
  const Input copy(before.data(), *n, *m, *m);
  const Output out(b, *n, *m, *ldb);
  if (left) {
    Multiply(Transpose::kNo, copy, ToTranspose(transa), full, *alpha, 0.0, out);
  } else {
    Multiply(ToTranspose(transa), full, Transpose::kNo, copy, *alpha, 0.0, out);
  }
}

POMONA_BLAS dsyr2k_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha,
                    const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
                    const int* ldc, std::size_t, std::size_t) {
  const ProductPart part = Is(uplo, 'L') ? ProductPart::kUpper : ProductPart::kLower;
  const bool plain = Is(trans, 'N');
  const Input a_view = plain ? Input(a, *k, *n, *lda) : Input(a, *n, *k, *lda);
  const Input b_view = plain ? Input(b, *k, *n, *ldb) : Input(b, *n, *k, *ldb);
  const Transpose first = plain ? Transpose::kYes : Transpose::kNo;
  const Transpose second = plain ? Transpose::kNo : Transpose::kYes;
  const Output out(c, *n, *n, *ldc);
  Multiply(first, a_view, second, b_view, *alpha, *beta, out, part);
  Multiply(first, b_view, second, a_view, *alpha, 1.0, out, part);
}

POMONA_BLAS dgemv_(const char* trans, const int* m, const int* n, const double* alpha, const double* a, const int* lda,
                   const double* x, const int* incx, const double* beta, double* y, const int* incy, std::size_t) {
  const Input columns(a, *n, *m, *lda);
  if (Is(trans, 'N')) {
    std::vector<double> weights = Gathered(x, *n, *incx);
    for (double& weight : weights) weight *= *alpha;
    std::vector<double> sums = Kept(y, *m, *incy, *beta);
    AddWeightedRows(weights.data(), columns, sums.data());
    Scatter(sums, y, *incy);
  } else {
    std::vector<double> sums = Kept(y, *n, *incy, *beta);
    AddDotProducts(columns, Gathered(x, *m, *incx).data(), *alpha, sums.data());
    Scatter(sums, y, *incy);
  }
}

POMONA_BLAS dger_(const int* m, const int* n, const double* alpha, const double* x, const int* incx, const double* y,
                  const int* incy, double* a, const int* lda) {
  std::vector<double> weights = Gathered(y, *n, *incy);
  for (double& weight : weights) weight *= *alpha;
  AddOuterProduct(weights.data(), Gathered(x, *m, *incx).data(), Output(a, *n, *m, *lda));
}

POMONA_BLAS dsymv_(const char* uplo, const int* n, const double* alpha, const double* a, const int* lda,
                   const double* x, const int* incx, const double* beta, double* y, const int* incy, std::size_t) {
  std::vector<double> factors = Gathered(x, *n, *incx);
  for (double& factor : factors) factor *= *alpha;
  std::vector<double> sums = Kept(y, *n, *incy, *beta);
  if (Is(uplo, 'L')) {
    AddSymmetricProduct(Input(a, *n, *n, *lda), factors.data(), sums.data());
  } else {
    for (int i = 0; i < *n; ++i) {  // each column's part above the diagonal, then its mirror image
      const Input column(a + static_cast<std::ptrdiff_t>(i) * *lda, 1, i + 1, *lda);
      AddDotProducts(column, factors.data(), 1.0, sums.data() + i);
      AddWeightedRows(factors.data() + i, Input(column.data, 1, i, *lda), sums.data());
    }
  }
  Scatter(sums, y, *incy);
}

// LAPACK tells this of a wrong argument, and so does `info`, which every caller checks.
POMONA_BLAS xerbla_(const char*, const int*, std::size_t) {}

// The one function of Fortran's runtime that the routines above ask for, `target = first // second`: cut to the
// target's length, or filled up with blanks. With it neither libgfortran nor libquadmath is needed.
POMONA_BLAS _gfortran_concat_string(std::size_t target_size, char* target, std::size_t first_size, const char* first,
                                    std::size_t second_size, const char* second) {
  char* const end = target + target_size;
  target = std::copy_n(first, std::min(first_size, target_size), target);
  target = std::copy_n(second, std::min(second_size, static_cast<std::size_t>(end - target)), target);
  std::fill(target, end, ' ');
}

#undef POMONA_BLAS

}  // namespace pomona::lapack
