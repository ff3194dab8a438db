#pragma once

#include <cstdint>
#include <type_traits>

#include "pomona/base/matrix_view.h"
#include "pomona/learn/product_kernel.h"

namespace pomona {

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

enum class Transpose { kNo, kYes };

/// \brief Which elements of a product are written.
enum class ProductPart {
  kAll,
  kUpper,  ///< those with j >= i; the others are left as they are
  kLower,  ///< those with j <= i
};

/// \brief The kernel for the fastest instruction set of this processor.
const ProductKernel& FastestProductKernel();

/// \brief out := keep * out + factor * op(a) op(b); shapes must agree. With keep = 0, `out` is not read.
///
/// The bits of an element depend on its row of op(a) and its column of op(b) alone: a chain of multiply-adds over every
/// 128 terms, the chains added one after the other. So they are the same for every blocking, on every processor with
/// fused multiply-add (see `ProductKernel`), whatever the environment says; the call runs on the caller's thread.
///
/// Memory: at most 1.6 MB beside the arguments.
/// Thread safety: calls may run together.
void Multiply(Transpose transpose_a, StridedView<const double> a, Transpose transpose_b, StridedView<const double> b,
              double factor, double keep, StridedView<double> out, ProductPart part = ProductPart::kAll,
              const ProductKernel& kernel = FastestProductKernel());

/// \brief gram := rows^T rows, or gram += rows^T rows; only the upper triangle is written.
///
/// \param[in] rows shape (n, d)
/// \param[in,out] gram shape (d, d)
void Gram(MatrixView<const double> rows, MatrixView<double> gram, bool accumulate,
          const ProductKernel& kernel = FastestProductKernel());

}  // namespace pomona
