#include "pomona/features/winograd/first_convolution.h"

#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

class FirstConvolutionTest : public testing::TestWithParam<SimdTarget> {};

TEST_P(FirstConvolutionTest, ConvolvesARow) {
  constexpr int kOutputs = 64;
  const FirstConvolution& convolution = FirstConvolutionFor(GetParam());
  const std::vector<float> kernel = RandomFloats(std::size_t{kFirstTaps} * kOutputs, 5);
  const std::vector<float> bias = RandomFloats(kOutputs, 6);
  FloatBuffer weights(kernel.size());
  for (int tap = 0; tap < kFirstTaps; ++tap) {
    for (int o = 0; o < kOutputs; ++o) {
      const int place = (o / convolution.panel_width * kFirstTaps + tap) * convolution.panel_width;
      weights.data()[place + o % convolution.panel_width] = kernel[static_cast<std::size_t>(tap * kOutputs + o)];
    }
  }
  FloatBuffer biases(kOutputs);
  std::copy(bias.begin(), bias.end(), biases.data());
  for (int width = 1; width < 40; ++width) {
    const auto row_floats = static_cast<std::size_t>(3 * (width + 2));
    const std::vector<float> rows = RandomFloats(3 * row_floats, 7, 100);
    FloatBuffer map(static_cast<std::size_t>(width * kOutputs));
    FirstConvolutionJob job;
    for (std::size_t i = 0; i < 3; ++i) job.rows[i] = &rows[i * row_floats];
    job.width = width;
    job.weights = weights.data();
    job.bias = biases.data();
    job.panels = kOutputs / convolution.panel_width;
    job.map = map.data();
    job.map_block_stride = static_cast<std::ptrdiff_t>(width) * kChannelBlock;
    convolution.convolve(job);
    for (int x = 0; x < width; ++x) {
      for (int o = 0; o < kOutputs; ++o) {
        double sum = bias[static_cast<std::size_t>(o)];
        for (int tap = 0; tap < kFirstTaps; ++tap) {
          sum += static_cast<double>(kernel[static_cast<std::size_t>(tap * kOutputs + o)]) *
                 rows[static_cast<std::size_t>(tap / 9) * row_floats + static_cast<std::size_t>(3 * x + tap % 9)];
        }
        const float got = map.data()[o / kChannelBlock * job.map_block_stride + x * kChannelBlock + o % kChannelBlock];
        ASSERT_NEAR(got, std::max(sum, 0.0), 1e-3) << "width " << width << " at " << x;
      }
    }
  }
}

TEST_P(FirstConvolutionTest, SubtractsTheMeanExactly) {
  std::vector<std::uint8_t> pixels(300);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7);
  const std::vector<float> mean = RandomFloats(pixels.size(), 9, 255);
  for (const int offset : {0, 1, 3}) {  // of any alignment
    const int count = 250 + offset;
    std::vector<float> target(static_cast<std::size_t>(count) + 1, -1);
    FirstConvolutionFor(GetParam()).subtract_mean(pixels.data() + offset, mean.data(), count, target.data());
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      ASSERT_EQ(target[i], static_cast<float>(pixels[i + static_cast<std::size_t>(offset)]) - mean[i]);
    }
    EXPECT_EQ(target.back(), -1);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FirstConvolutionTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

}  // namespace
}  // namespace pomona::winograd
