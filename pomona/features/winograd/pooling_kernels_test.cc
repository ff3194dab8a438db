#include "pomona/features/winograd/pooling_kernels.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

constexpr int kRows = 4;
constexpr int kColumns = 6;
constexpr int kBlocks = 2;

class PoolingKernelsTest : public testing::TestWithParam<SimdTarget> {
 protected:
  PoolingKernelsTest() : map_(static_cast<std::size_t>(kBlocks * kRows * kColumns * kChannelBlock)) {
    const std::vector<float> values = RandomFloats(map_.size(), 2);
    std::copy(values.begin(), values.end(), map_.data());
  }

  float At(int channel, int place) const {
    return map_.data()[(channel / kChannelBlock * kRows * kColumns + place) * kChannelBlock + channel % kChannelBlock];
  }

  FloatBuffer map_;
};

TEST_P(PoolingKernelsTest, TakesMaximaOfSquares) {
  FloatBuffer pooled(map_.size());
  MaxPoolJob job;
  job.source = map_.data();
  job.channel_blocks = kBlocks;
  job.rows = kRows;
  job.columns = kColumns;
  job.map = pooled.data();
  job.map_row_stride = 5 * kChannelBlock;
  job.map_block_stride = 3 * job.map_row_stride;
  PoolingKernelsFor(GetParam()).max_pool(job);
  for (int c = 0; c < kBlocks * kChannelBlock; ++c) {
    for (int y = 0; y < kRows / 2; ++y) {
      for (int x = 0; x < kColumns / 2; ++x) {
        const int place = 2 * y * kColumns + 2 * x;
        const float expected =
            std::max({At(c, place), At(c, place + 1), At(c, place + kColumns), At(c, place + kColumns + 1)});
        ASSERT_EQ(pooled.data()[c / kChannelBlock * job.map_block_stride + y * job.map_row_stride + x * kChannelBlock +
                                c % kChannelBlock],
                  expected);
      }
    }
  }
}

TEST_P(PoolingKernelsTest, ReducesWholeMaps) {
  constexpr int kPlaces = kRows * kColumns;
  std::vector<float> maxima(kBlocks * kChannelBlock + 1);
  std::vector<float> means(maxima.size());
  PoolingKernelsFor(GetParam()).global_max(map_.data(), kBlocks, kPlaces, maxima.data() + 1);  // of any alignment
  PoolingKernelsFor(GetParam()).global_average(map_.data(), kBlocks, kPlaces, means.data() + 1);
  for (int c = 0; c < kBlocks * kChannelBlock; ++c) {
    float largest = At(c, 0);
    double sum = 0;
    for (int place = 0; place < kPlaces; ++place) {
      largest = std::max(largest, At(c, place));
      sum += At(c, place);
    }
    EXPECT_EQ(maxima[static_cast<std::size_t>(c) + 1], largest);
    EXPECT_NEAR(means[static_cast<std::size_t>(c) + 1], sum / kPlaces, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, PoolingKernelsTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

}  // namespace
}  // namespace pomona::winograd
