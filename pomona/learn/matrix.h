#pragma once

#include <cstdint>
#include <vector>

#include "pomona/base/matrix_view.h"

namespace pomona {

/// \brief A row-major float64 matrix of shape (rows, cols).
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<double> values;

  static Matrix Zeros(std::int64_t rows, std::int64_t cols) {
    return {rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols))};
  }
  MatrixView<double> view() { return {values.data(), rows, cols}; }
  MatrixView<const double> view() const { return {values.data(), rows, cols}; }
};

}  // namespace pomona
