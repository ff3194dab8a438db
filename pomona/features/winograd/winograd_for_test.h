#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/convolution_layer.h"
#include "pomona/features/winograd/float_buffer.h"

namespace pomona::winograd {

inline std::vector<float> RandomFloats(std::size_t count, unsigned seed, float largest = 1) {
  std::minstd_rand generator(seed);
  std::uniform_real_distribution<float> values(-largest, largest);
  std::vector<float> floats(count);
  for (float& value : floats) value = values(generator);
  return floats;
}

/// \brief A test's name for the instruction set it runs on.
inline std::string TargetTestName(const testing::TestParamInfo<SimdTarget>& info) {
  return std::string(SimdTargetName(info.param));
}

/// \brief One image, (rows, columns, channels), float64.
using Image64 = std::vector<double>;

/// \brief The convolution by its definition, in float64: zeros around the image, bias, rectifier.
///
/// \param[in] kernel (3, 3, inputs, outputs)
inline Image64 DirectConvolution(const Image64& image, int rows, int columns, const std::vector<float>& kernel,
                                 const std::vector<float>& bias) {
  const std::size_t outputs = bias.size();
  const std::size_t inputs = kernel.size() / 9 / outputs;
  Image64 result;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      std::vector<double> sums(bias.begin(), bias.end());
      for (int tap = 0; tap < 9; ++tap) {
        const int row = y + tap / 3 - 1;
        const int column = x + tap % 3 - 1;
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        for (std::size_t c = 0; c < inputs; ++c) {
          const double value = image[static_cast<std::size_t>(row * columns + column) * inputs + c];
          const float* const weights = &kernel[(static_cast<std::size_t>(tap) * inputs + c) * outputs];
          for (std::size_t o = 0; o < outputs; ++o) sums[o] += value * weights[o];
        }
      }
      for (const double sum : sums) result.push_back(std::max(sum, 0.0));
    }
  }
  return result;
}

/// \brief 2 x 2 maxima; an odd last row or column is left out.
inline Image64 DirectMaxPool(const Image64& image, int rows, int columns, std::size_t channels) {
  Image64 result;
  for (int y = 0; y + 1 < rows; y += 2) {
    for (int x = 0; x + 1 < columns; x += 2) {
      for (std::size_t c = 0; c < channels; ++c) {
        const auto at = [&](int r, int s) { return image[static_cast<std::size_t>(r * columns + s) * channels + c]; };
        result.push_back(std::max({at(y, x), at(y, x + 1), at(y + 1, x), at(y + 1, x + 1)}));
      }
    }
  }
  return result;
}

/// \brief Runs one layer over images of shape (rows, columns, inputs), each in blocks as told.
///
/// \return the images' outputs, (rows, columns, outputs), half as large where the layer pools by itself
inline std::vector<std::vector<float>> RunLayer(const ConvolutionLayer& layer, const Blocking& blocking,
                                                const std::vector<std::vector<float>>& images,
                                                const std::vector<float>& kernel, const std::vector<float>& bias) {
  const ConvolutionShape& shape = layer.shape();
  const TileGrid& grid = layer.grid();
  const auto map = [&](int channels, int rows, int columns, FloatBuffer* buffer) {
    *buffer = FloatBuffer(images.size() * static_cast<std::size_t>(channels * rows * columns));
    MapView view;
    view.data = buffer->data();
    view.row_stride = static_cast<std::ptrdiff_t>(columns) * kChannelBlock;
    view.block_stride = view.row_stride * rows;
    view.image_stride = view.block_stride * (channels / kChannelBlock);
    return view;
  };
  const auto place = [](const MapView& view, std::size_t image, int y, int x, int c) -> float& {
    return view.data[static_cast<std::ptrdiff_t>(image) * view.image_stride + c / kChannelBlock * view.block_stride +
                     y * view.row_stride + static_cast<std::ptrdiff_t>(x) * kChannelBlock + c % kChannelBlock];
  };
  FloatBuffer source_floats;
  const MapView source = map(shape.inputs, grid.padded_rows, grid.padded_columns, &source_floats);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t j = 0; j < images[i].size(); ++j) {
      const int c = static_cast<int>(j) % shape.inputs;
      const int x = static_cast<int>(j) / shape.inputs % shape.columns;
      const int y = static_cast<int>(j) / shape.inputs / shape.columns;
      place(source, i, y + 1, x + 1, c) = images[i][j];
    }
  }
  const int rows = grid.pools_itself ? grid.output_rows / 2 : grid.output_rows;
  const int columns = grid.pools_itself ? grid.output_columns / 2 : grid.output_columns;
  FloatBuffer target_floats;
  const MapView target = map(shape.outputs, rows, columns, &target_floats);
  FloatBuffer weights(layer.weight_floats());
  for (int piece = 0; piece < layer.weight_pieces(); ++piece) {
    layer.TransformWeights(kernel.data(), piece, weights.data());
  }
  FloatBuffer biases(bias.size());
  std::copy(bias.begin(), bias.end(), biases.data());
  FloatBuffer scratch(layer.scratch_floats(blocking));
  std::vector<TilePlace> places(images.size() * static_cast<std::size_t>(grid.tiles()));
  layer.PlaceTiles(source, 0, target, 0, places);
  layer.Run(source, target, places, blocking, weights.data(), biases.data(), scratch.data());
  std::vector<std::vector<float>> results(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) {
        for (int c = 0; c < shape.outputs; ++c) results[i].push_back(place(target, i, y, x, c));
      }
    }
  }
  return results;
}

}  // namespace pomona::winograd
