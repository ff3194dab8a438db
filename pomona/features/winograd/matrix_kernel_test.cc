#include "pomona/features/winograd/matrix_kernel.h"

#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

constexpr int kOutputs = 64;

/// Tiles and weights as plain matrices, and their product on an instruction set.
struct Product {
  Product(int tile_count, int channel_count) : tiles(tile_count), channels(channel_count) {
    inputs = RandomFloats(static_cast<std::size_t>(tiles * channels), 3);
    weights = RandomFloats(static_cast<std::size_t>(channels * kOutputs), 4);
  }

  /// (tiles, outputs) of tiles `first` to `last` - 1 as one job.
  std::vector<float> Multiply(SimdTarget target, int first, int last, bool prefetch) const {
    const MatrixKernel& kernel = MatrixKernelFor(target);
    const int count = last - first;
    FloatBuffer blocked(static_cast<std::size_t>(count * channels));
    for (int tile = 0; tile < count; ++tile) {
      for (int c = 0; c < channels; ++c) {
        blocked.data()[(c / kChannelBlock * count + tile) * kChannelBlock + c % kChannelBlock] =
            inputs[static_cast<std::size_t>((first + tile) * channels + c)];
      }
    }
    FloatBuffer panels(static_cast<std::size_t>(channels * kOutputs));
    for (int c = 0; c < channels; ++c) {
      for (int o = 0; o < kOutputs; ++o) {
        panels.data()[(o / kernel.panel_width * channels + c) * kernel.panel_width + o % kernel.panel_width] =
            weights[static_cast<std::size_t>(c * kOutputs + o)];
      }
    }
    FloatBuffer products(static_cast<std::size_t>(count * kOutputs));
    MatrixJob job;
    job.tiles = blocked.data();
    job.tiles_block_stride = job.products_block_stride = static_cast<std::ptrdiff_t>(count) * kChannelBlock;
    job.tile_count = count;
    job.weights = panels.data();
    job.channels = channels;
    job.panels = kOutputs / kernel.panel_width;
    job.products = products.data();
    job.next_weights = prefetch ? panels.data() : nullptr;
    job.next_tiles = prefetch ? blocked.data() : nullptr;
    kernel.multiply(job);
    std::vector<float> result;
    for (int tile = 0; tile < count; ++tile) {
      for (int o = 0; o < kOutputs; ++o) {
        result.push_back(products.data()[(o / kChannelBlock * count + tile) * kChannelBlock + o % kChannelBlock]);
      }
    }
    return result;
  }

  int tiles;
  int channels;
  std::vector<float> inputs;
  std::vector<float> weights;
};

class MatrixKernelTest : public testing::TestWithParam<SimdTarget> {};

TEST_P(MatrixKernelTest, Multiplies) {
  for (const int tiles : {1, 2, 5, 6, 7, 13, 14, 15, 28, 31, 45}) {
    const Product product(tiles, 48);
    const std::vector<float> result = product.Multiply(GetParam(), 0, tiles, true);
    for (int tile = 0; tile < tiles; ++tile) {
      for (int o = 0; o < kOutputs; ++o) {
        double sum = 0;
        for (int c = 0; c < 48; ++c) {
          sum += static_cast<double>(product.inputs[static_cast<std::size_t>(tile * 48 + c)]) *
                 product.weights[static_cast<std::size_t>(c * kOutputs + o)];
        }
        ASSERT_NEAR(result[static_cast<std::size_t>(tile * kOutputs + o)], sum, 1e-5) << tile << " " << o;
      }
    }
  }
}

TEST_P(MatrixKernelTest, BitsDoNotDependOnTheBlocking) {
  for (const int channels : {64, 256}) {
    const Product product(40, channels);
    const std::vector<float> whole = product.Multiply(GetParam(), 0, 40, false);
    std::vector<float> pieces;
    for (int first = 0, size = 1; first < 40; first += size, ++size) {
      const std::vector<float> piece = product.Multiply(GetParam(), first, std::min(first + size, 40), true);
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(whole, pieces);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, MatrixKernelTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

bool Fuses(SimdTarget target) { return target != SimdTarget::kSse4 && target != SimdTarget::kGeneric; }

TEST(MatrixKernel, BitsDependOnFusingAlone) {
  const Product product(17, 128);
  const SimdTarget best = UsableSimdTargets().front();
  for (const SimdTarget target : UsableSimdTargets()) {
    if (Fuses(target) != Fuses(best)) continue;
    EXPECT_EQ(product.Multiply(target, 0, 17, false), product.Multiply(best, 0, 17, false)) << SimdTargetName(target);
  }
}

}  // namespace
}  // namespace pomona::winograd
