#include "pomona/features/winograd/weight_transform.h"

#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/interpolation_points.h"
#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

TEST(WeightTransform, IsTheMatrixProduct) {
  constexpr int kInputs = 5;
  constexpr int kOutputs = 32;
  const std::vector<float> kernel = RandomFloats(std::size_t{9} * kInputs * kOutputs, 8);
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    const int size = TransformSize(tile);
    const std::vector<double> matrix = KernelMatrix(tile);
    for (const int panel_width : {4, 8, 32}) {
      std::vector<float> frequencies(static_cast<std::size_t>(size * size * (kInputs * kOutputs + 3)), -1);
      WeightJob job{kernel.data(), kInputs, kOutputs, tile, frequencies.data(), kInputs * kOutputs + 3, panel_width};
      for (int panel = 0; panel < kOutputs / panel_width; ++panel) TransformPanel(job, panel);
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          for (int c = 0; c < kInputs; ++c) {
            for (int o = 0; o < kOutputs; ++o) {
              double sum = 0;
              for (int tap = 0; tap < 9; ++tap) {
                sum += matrix[static_cast<std::size_t>(y * 3 + tap / 3)] *
                       kernel[static_cast<std::size_t>((tap * kInputs + c) * kOutputs + o)] *
                       matrix[static_cast<std::size_t>(x * 3 + tap % 3)];
              }
              const int place = (o / panel_width * kInputs + c) * panel_width + o % panel_width;
              const auto plane = static_cast<std::size_t>((y * size + x) * (kInputs * kOutputs + 3));
              ASSERT_NEAR(frequencies[plane + static_cast<std::size_t>(place)], sum, 1e-6);
            }
          }
          const auto gap = static_cast<std::size_t>((y * size + x) * (kInputs * kOutputs + 3) + kInputs * kOutputs);
          ASSERT_EQ(frequencies[gap], -1) << "written between the frequencies";
        }
      }
    }
  }
}

}  // namespace
}  // namespace pomona::winograd
