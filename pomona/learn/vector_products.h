#pragma once

#include <cstdint>

#include "pomona/learn/matrix_product.h"

namespace pomona {

/// \file
/// \brief Products of a matrix and a vector, whose speed is that of reading the matrix.
///
/// All have the same bits on every processor: each sum has an order of its own, whatever the width of a vector, and no
/// multiply-add is fused.
///
/// Thread safety: calls may run together.

/// \brief out[i] += factor * (row i . x), each a sum of eight interleaved ones.
///
/// \param[in] rows shape (m, n)
/// \param[in] x shape (n,)
/// \param[in,out] out shape (m,)
void AddDotProducts(StridedView<const double> rows, const double* x, double factor, double* out);

/// \brief out += the sum over i of weights[i] * row i, in rising order of i.
///
/// \param[in] weights shape (m,)
/// \param[in] rows shape (m, n)
/// \param[in,out] out shape (n,)
void AddWeightedRows(const double* weights, StridedView<const double> rows, double* out);

/// \brief row i += weights[i] * x.
///
/// \param[in,out] rows shape (m, n)
void AddOuterProduct(const double* weights, const double* x, StridedView<double> rows);

/// \brief out += matrix * x for a symmetric matrix, of which each element above the diagonal is read once.
///
/// \param[in] upper shape (n, n); only the upper triangle is read
void AddSymmetricProduct(StridedView<const double> upper, const double* x, double* out);

}  // namespace pomona
