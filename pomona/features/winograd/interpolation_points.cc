#include "pomona/features/winograd/interpolation_points.h"

#include <cmath>
#include <cstddef>

namespace pomona::winograd {
namespace {

/// Coefficients, lowest power first, of the product of (x - point) over all points but the one left out.
std::vector<double> Polynomial(const std::vector<double>& points, std::size_t left_out) {
  std::vector<double> coefficients = {1};
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i == left_out) continue;
    coefficients.push_back(0);
    for (std::size_t power = coefficients.size() - 1; power > 0; --power) {
      coefficients[power] = coefficients[power - 1] - points[i] * coefficients[power];
    }
    coefficients[0] *= -points[i];
  }
  return coefficients;
}

}  // namespace

std::vector<double> FinitePoints(int tile_size) {
  std::vector<double> points;
  if (HasZeroPoint(tile_size)) points.push_back(0);
  for (int pair = 0; pair < PointPairs(tile_size); ++pair) {
    const double point = kPointPairs[static_cast<std::size_t>(pair)];
    points.push_back(point);
    points.push_back(-point);
  }
  return points;
}

std::vector<double> KernelMatrix(int tile_size) {
  const std::vector<double> points = FinitePoints(tile_size);
  std::vector<double> matrix;
  for (const double point : points) {
    double scale = 1;
    for (const double other : points) {
      if (other != point) scale *= point - other;
    }
    for (int power = 0; power < 3; ++power) matrix.push_back(std::pow(point, power) / scale);
  }
  matrix.insert(matrix.end(), {0, 0, 1});
  return matrix;
}

std::vector<double> InputMatrix(int tile_size) {
  const std::vector<double> points = FinitePoints(tile_size);
  const auto size = static_cast<std::size_t>(TransformSize(tile_size));
  std::vector<double> matrix(size * size);
  for (std::size_t row = 0; row < size; ++row) {
    // Row `size - 1` leaves no point out: it belongs to infinity.
    const std::vector<double> coefficients = Polynomial(points, row);
    for (std::size_t i = 0; i < coefficients.size(); ++i) matrix[row * size + i] = coefficients[i];
  }
  return matrix;
}

std::vector<double> OutputMatrix(int tile_size) {
  const std::vector<double> points = FinitePoints(tile_size);
  const auto size = static_cast<std::size_t>(TransformSize(tile_size));
  std::vector<double> matrix(static_cast<std::size_t>(tile_size) * size);
  for (std::size_t row = 0; row < static_cast<std::size_t>(tile_size); ++row) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      matrix[row * size + i] = std::pow(points[i], static_cast<double>(row));
    }
  }
  matrix.back() = 1;
  return matrix;
}

}  // namespace pomona::winograd
