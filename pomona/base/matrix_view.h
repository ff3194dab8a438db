#pragma once

#include <cstdint>
#include <span>

namespace pomona {

/// \brief A row-major matrix that somebody else owns: shape (rows, cols), no gap between rows.
template <typename T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  std::span<T> row(std::int64_t i) const { return {data + i * cols, static_cast<std::size_t>(cols)}; }
  T& operator()(std::int64_t i, std::int64_t j) const { return data[i * cols + j]; }

  /// \brief Rows [first, first + count).
  MatrixView rows_between(std::int64_t first, std::int64_t count) const { return {data + first * cols, count, cols}; }

  operator MatrixView<const T>() const { return {data, rows, cols}; }
};

}  // namespace pomona
