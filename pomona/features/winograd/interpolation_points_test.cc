#include "pomona/features/winograd/interpolation_points.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace pomona::winograd {
namespace {

std::vector<double> Times(const std::vector<double>& matrix, const std::vector<double>& vector) {
  std::vector<double> result(matrix.size() / vector.size());
  for (std::size_t i = 0; i < matrix.size(); ++i) result[i / vector.size()] += matrix[i] * vector[i % vector.size()];
  return result;
}

TEST(InterpolationPoints, TheMatricesMakeAConvolution) {
  const std::vector<double> kernel = {0.7, -1.3, 0.4};
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    std::vector<double> input;
    for (int i = 0; i < TransformSize(tile); ++i) input.push_back(1.5 - 0.37 * i * i);
    std::vector<double> products = Times(InputMatrix(tile), input);
    const std::vector<double> transformed = Times(KernelMatrix(tile), kernel);
    ASSERT_EQ(products.size(), static_cast<std::size_t>(tile) + 2);
    ASSERT_EQ(transformed.size(), products.size());
    for (std::size_t i = 0; i < products.size(); ++i) products[i] *= transformed[i];
    const std::vector<double> output = Times(OutputMatrix(tile), products);
    ASSERT_EQ(output.size(), static_cast<std::size_t>(tile));
    for (std::size_t i = 0; i < output.size(); ++i) {
      const double expected = input[i] * kernel[0] + input[i + 1] * kernel[1] + input[i + 2] * kernel[2];
      EXPECT_NEAR(output[i], expected, 1e-12) << "tile " << tile << ", output " << i;
    }
  }
}

TEST(InterpolationPoints, AreDistinct) {
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const std::vector<double> points = FinitePoints(tile);
    ASSERT_EQ(points.size(), static_cast<std::size_t>(tile) + 1);
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) EXPECT_NE(points[i], points[j]);
    }
  }
}

}  // namespace
}  // namespace pomona::winograd
