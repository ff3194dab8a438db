#include "pomona/learn/vector_products.h"

#include <array>
#include <cstring>

#include "pomona/learn/vector_clones.h"

// The clones are free functions over plain pointers: the compiler makes them for each instruction set.
namespace pomona {
namespace {

// Eight numbers that the compiler holds in as many registers as the instruction set needs.
using Eight [[gnu::vector_size(64)]] = double;
constexpr std::int64_t kEight = 8;

inline __attribute__((always_inline)) void Load(const double* from, Eight* to) { std::memcpy(to, from, sizeof(*to)); }

/// The sum of eight, halves first.
inline __attribute__((always_inline)) double Sum(const Eight& value) {
  const std::array four = {value[0] + value[4], value[1] + value[5], value[2] + value[6], value[3] + value[7]};
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// Four dot products of rows `stride` apart with x; a sum begins with what is in `sums`.
POMONA_VECTOR_CLONES void FourDotProducts(const double* rows, std::int64_t stride, std::int64_t count, const double* x,
                                          double* sums) {
  Eight a{};
  Eight b{};
  Eight c{};
  Eight d{};
  std::int64_t i = 0;
  for (; i + kEight <= count; i += kEight) {
    Eight factor;
    Eight value;
    Load(x + i, &factor);
    Load(rows + i, &value);
    a += value * factor;
    Load(rows + stride + i, &value);
    b += value * factor;
    Load(rows + 2 * stride + i, &value);
    c += value * factor;
    Load(rows + 3 * stride + i, &value);
    d += value * factor;
  }
  for (; i < count; ++i) {
    a[0] += rows[i] * x[i];
    b[0] += rows[stride + i] * x[i];
    c[0] += rows[2 * stride + i] * x[i];
    d[0] += rows[3 * stride + i] * x[i];
  }
  sums[0] += Sum(a);
  sums[1] += Sum(b);
  sums[2] += Sum(c);
  sums[3] += Sum(d);
}

POMONA_VECTOR_CLONES double DotProduct(const double* row, std::int64_t count, const double* x) {
  Eight sum{};
  std::int64_t i = 0;
  for (; i + kEight <= count; i += kEight) {
    Eight factor;
    Eight value;
    Load(x + i, &factor);
    Load(row + i, &value);
    sum += value * factor;
  }
  for (; i < count; ++i) sum[0] += row[i] * x[i];
  return Sum(sum);
}

POMONA_VECTOR_CLONES void AddFourWeighted(const double* weights, const double* rows, std::int64_t stride,
                                          std::int64_t count, double* out) {
  const double* const a = rows;
  const double* const b = rows + stride;
  const double* const c = rows + 2 * stride;
  const double* const d = rows + 3 * stride;
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = (((out[i] + weights[0] * a[i]) + weights[1] * b[i]) + weights[2] * c[i]) + weights[3] * d[i];
  }
}

POMONA_VECTOR_CLONES void AddWeighted(double weight, const double* row, std::int64_t count, double* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] += weight * row[i];
}

/// Four rows of a symmetric matrix, right of the four columns that meet the diagonal: each element serves the product
/// of its row and, mirrored, that of its column.
POMONA_VECTOR_CLONES void FourSymmetricRows(const double* rows, std::int64_t stride, std::int64_t count,
                                            const double* weights, const double* x, double* sums, double* out) {
  const Eight weight_a = weights[0] - Eight{};
  const Eight weight_b = weights[1] - Eight{};
  const Eight weight_c = weights[2] - Eight{};
  const Eight weight_d = weights[3] - Eight{};
  Eight a{};
  Eight b{};
  Eight c{};
  Eight d{};
  std::int64_t i = 0;
  for (; i + kEight <= count; i += kEight) {
    Eight factor;
    Eight value;
    Eight sum;
    Load(x + i, &factor);
    Load(out + i, &sum);
    Load(rows + i, &value);
    sum += weight_a * value;
    a += value * factor;
    Load(rows + stride + i, &value);
    sum += weight_b * value;
    b += value * factor;
    Load(rows + 2 * stride + i, &value);
    sum += weight_c * value;
    c += value * factor;
    Load(rows + 3 * stride + i, &value);
    sum += weight_d * value;
    d += value * factor;
    std::memcpy(out + i, &sum, sizeof(sum));
  }
  for (; i < count; ++i) {
    for (std::int64_t r = 0; r < 4; ++r) out[i] += weights[r] * rows[r * stride + i];
    a[0] += rows[i] * x[i];
    b[0] += rows[stride + i] * x[i];
    c[0] += rows[2 * stride + i] * x[i];
    d[0] += rows[3 * stride + i] * x[i];
  }
  sums[0] += Sum(a);
  sums[1] += Sum(b);
  sums[2] += Sum(c);
  sums[3] += Sum(d);
}

}  // namespace

void AddDotProducts(StridedView<const double> rows, const double* x, double factor, double* out) {
  std::int64_t i = 0;
  for (; i + 4 <= rows.rows; i += 4) {
    std::array<double, 4> sums{};
    FourDotProducts(rows.data + i * rows.stride, rows.stride, rows.cols, x, sums.data());
    for (std::int64_t r = 0; r < 4; ++r) out[i + r] += factor * sums[static_cast<std::size_t>(r)];
  }
  for (; i < rows.rows; ++i) out[i] += factor * DotProduct(rows.data + i * rows.stride, rows.cols, x);
}

void AddWeightedRows(const double* weights, StridedView<const double> rows, double* out) {
  std::int64_t i = 0;
  for (; i + 4 <= rows.rows; i += 4) {
    AddFourWeighted(weights + i, rows.data + i * rows.stride, rows.stride, rows.cols, out);
  }
  for (; i < rows.rows; ++i) AddWeighted(weights[i], rows.data + i * rows.stride, rows.cols, out);
}

void AddOuterProduct(const double* weights, const double* x, StridedView<double> rows) {
  for (std::int64_t i = 0; i < rows.rows; ++i) AddWeighted(weights[i], x, rows.cols, rows.data + i * rows.stride);
}

void AddSymmetricProduct(StridedView<const double> upper, const double* x, double* out) {
  const std::int64_t n = upper.rows;
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const double* const rows = upper.data + i * upper.stride;
    for (std::int64_t r = 0; r < 4; ++r) {  // the block on the diagonal
      const double* const row = rows + r * upper.stride;
      out[i + r] += row[i + r] * x[i + r];
      for (std::int64_t j = i + r + 1; j < i + 4; ++j) {
        out[i + r] += row[j] * x[j];
        out[j] += row[j] * x[i + r];
      }
    }
    FourSymmetricRows(rows + i + 4, upper.stride, n - i - 4, x + i, x + i + 4, out + i, out + i + 4);
  }
  for (; i < n; ++i) {
    const double* const row = upper.data + i * upper.stride;
    out[i] += row[i] * x[i];
    for (std::int64_t j = i + 1; j < n; ++j) {
      out[i] += row[j] * x[j];
      out[j] += row[j] * x[i];
    }
  }
}

}  // namespace pomona
