#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pomona/features/winograd/network.h"
#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {

/// \brief A small network of the family, 3 -> 32 -> 32, pooled -> 64 -> 32, pooled, with random weights.
class SmallNetwork {
 public:
  SmallNetwork(int rows, int columns, Pooling pooling) : rows_(rows), columns_(columns), pooling_(pooling) {
    constexpr int kChannels[] = {3, 32, 32, 64, 32};
    for (int i = 0; i < 4; ++i) {
      const auto weights = static_cast<std::size_t>(9 * kChannels[i] * kChannels[i + 1]);
      kernels.push_back(RandomFloats(weights, static_cast<unsigned>(10 + i), 0.2F));
      biases.push_back(RandomFloats(static_cast<std::size_t>(kChannels[i + 1]), static_cast<unsigned>(20 + i)));
    }
  }

  NetworkDescription Describe() const {
    NetworkDescription description;
    description.image_rows = rows_;
    description.image_columns = columns_;
    description.preprocessing.channel_order = ChannelOrder::kBgr;
    description.preprocessing.mean = {10, 20, 30};
    description.pooling = pooling_;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      description.layers.push_back({"layer" + std::to_string(i),
                                    static_cast<int>(kernels[i].size() / 9 / biases[i].size()),
                                    static_cast<int>(biases[i].size()), kernels[i], biases[i], i % 2 == 1});
    }
    return description;
  }

  NetworkPlan Plan(SimdTarget target, int batch, std::vector<int> tile_sizes = {}) const {
    const std::vector<ConvolutionShape> shapes = ConvolutionShapes(Describe()).ValueOrDie();
    if (tile_sizes.empty()) tile_sizes = ChooseTileSizes(shapes, 0);
    NetworkPlan plan;
    plan.target = target;
    plan.batch = batch;
    plan.layers = PlanLayers(shapes, tile_sizes, batch);
    return plan;
  }

  /// \brief The last map of an image by the definition, (rows / 4, columns / 4, 32), float64.
  Image64 LastMap(const std::uint8_t* pixels) const {
    constexpr double kMeanBgr[] = {10, 20, 30};
    Image64 x;
    for (int i = 0; i < rows_ * columns_ * 3; ++i) x.push_back(pixels[i - i % 3 + 2 - i % 3] - kMeanBgr[i % 3]);
    int rows = rows_;
    int columns = columns_;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      x = DirectConvolution(x, rows, columns, kernels[i], biases[i]);
      if (i % 2 == 0) continue;
      x = DirectMaxPool(x, rows, columns, biases[i].size());
      rows /= 2;
      columns /= 2;
    }
    return x;
  }

  std::vector<std::uint8_t> Pixels(int images, unsigned seed = 1) const {
    std::minstd_rand generator(seed);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(images) * image_bytes());
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(generator() >> 8);
    return pixels;
  }

  std::size_t image_bytes() const { return static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_) * 3; }

  std::vector<std::vector<float>> kernels;
  std::vector<std::vector<float>> biases;

 private:
  int rows_;
  int columns_;
  Pooling pooling_;
};

}  // namespace pomona::winograd
