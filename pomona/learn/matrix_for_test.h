#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "pomona/learn/matrix.h"
#include "pomona/learn/matrix_product.h"
#include "pomona/learn/random_numbers.h"

namespace pomona {

/// \brief Numbers of a normal distribution, the same every day.
inline Matrix RandomMatrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  Matrix matrix = Matrix::Zeros(rows, cols);
  for (std::size_t i = 0; i < matrix.values.size(); ++i) matrix.values[i] = RandomNormal(seed, i);
  return matrix;
}

/// \brief The largest element of rows rows^T - 1.
inline double DistanceFromIdentity(const Matrix& rows) {
  Matrix gram = Matrix::Zeros(rows.rows, rows.rows);
  Multiply(Transpose::kNo, rows.view(), Transpose::kYes, rows.view(), 1, 0, gram.view());
  double worst = 0;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t j = 0; j < rows.rows; ++j) worst = std::max(worst, std::abs(gram.view()(i, j) - (i == j)));
  }
  return worst;
}

}  // namespace pomona
