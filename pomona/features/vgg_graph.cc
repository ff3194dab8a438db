#include "pomona/features/vgg_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <openvino/op/add.hpp>
#include <openvino/op/concat.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/fake_quantize.hpp>
#include <openvino/op/max_pool.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reduce_max.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/op/unsqueeze.hpp>
#include <openvino/openvino.hpp>

#include "pomona/features/openvino_runtime.h"

namespace pomona {
namespace {

using Output = ov::Output<ov::Node>;
using ov::op::v0::Constant;

// Means of the ImageNet training images, in the order of the pixels; Keras states them as (103.939, 116.779, 123.68)
// for BGR.
constexpr std::array<float, 3> kMeanRgb = {123.68F, 116.779F, 103.939F};

/// A constant that owns floats without a further copy.
Output OwnedConstant(std::vector<float> values, const ov::Shape& shape) {
  const auto owner = std::make_shared<std::vector<float>>(std::move(values));
  return std::make_shared<Constant>(ov::element::f32, shape, owner->data(), owner);
}

template <typename T>
Output Indices(std::initializer_list<T> values) {
  return Constant::create(ov::element::i64, ov::Shape{values.size()}, std::vector<std::int64_t>(values));
}

/// HWIO to OIHW, which OpenVINO's convolution takes. With `reverse_inputs` the input channels change places, so that
/// the first layer, trained on BGR, takes RGB.
Output KernelConstant(const Tensor& kernel, bool reverse_inputs) {
  const std::span<const float> source = kernel.values<float>();
  const auto inputs = static_cast<std::size_t>(kernel.shape[2]);
  const auto outputs = static_cast<std::size_t>(kernel.shape[3]);
  constexpr std::size_t kPlane = 9;
  std::vector<float> values(source.size());
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t from = reverse_inputs ? inputs - 1 - i : i;
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t p = 0; p < kPlane; ++p) {
        values[(o * inputs + i) * kPlane + p] = source[(p * inputs + from) * outputs + o];
      }
    }
  }
  return OwnedConstant(std::move(values), {outputs, inputs, 3, 3});
}

Output BiasConstant(const Tensor& bias) {
  const std::span<const float> source = bias.values<float>();
  return OwnedConstant({source.begin(), source.end()}, {1, source.size(), 1, 1});
}

/// Pixels, channels first, minus the mean of the training images.
Output Preprocess(const Output& pixels) {
  const auto values = std::make_shared<ov::op::v0::Convert>(pixels, ov::element::f32);
  const auto planes = std::make_shared<ov::op::v1::Transpose>(values, Indices<std::int64_t>({0, 3, 1, 2}));
  const auto mean = OwnedConstant({kMeanRgb.begin(), kMeanRgb.end()}, {1, 3, 1, 1});
  return std::make_shared<ov::op::v1::Subtract>(planes, mean);
}

Output MaxPool(const Output& x) {
  return std::make_shared<ov::op::v1::MaxPool>(x, ov::Strides{2, 2}, ov::Shape{0, 0}, ov::Shape{0, 0}, ov::Shape{2, 2},
                                               ov::op::RoundingType::FLOOR);
}

/// (batch, channels, height, width) to (batch, features).
Output Pool(const Output& map, Pooling pooling) {
  const Output plane = Indices<std::int64_t>({2, 3});
  if (pooling == Pooling::kMax) return std::make_shared<ov::op::v1::ReduceMax>(map, plane, false);
  if (pooling == Pooling::kAverage) return std::make_shared<ov::op::v1::ReduceMean>(map, plane, false);
  const auto channels_last = std::make_shared<ov::op::v1::Transpose>(map, Indices<std::int64_t>({0, 2, 3, 1}));
  return std::make_shared<ov::op::v1::Reshape>(channels_last, Indices<std::int64_t>({0, -1}), true);
}

Output Scalar(float value) { return Constant::create(ov::element::f32, {}, {value}); }

/// Marks values of [0, range] as what 8 bits hold; OpenVINO then computes on integers from here on.
Output QuantizeActivations(const Output& x, float range) {
  const Output low = Scalar(0);
  const Output high = Scalar(range);
  return std::make_shared<ov::op::v0::FakeQuantize>(x, low, high, low, high, 256);
}

/// Marks a kernel (OIHW) as 8-bit integers, symmetric around zero, with a scale for each output channel.
Output QuantizeKernel(const Output& kernel) {
  const auto constant = ov::as_type_ptr<Constant>(kernel.get_node_shared_ptr());
  const ov::Shape shape = constant->get_shape();
  const auto* const values = constant->get_data_ptr<float>();
  const std::size_t size = shape[1] * shape[2] * shape[3];
  std::vector<float> high(shape[0]);
  std::vector<float> low(shape[0]);
  for (std::size_t o = 0; o < shape[0]; ++o) {
    for (std::size_t i = 0; i < size; ++i) high[o] = std::max(high[o], std::abs(values[o * size + i]));
    high[o] = std::max(high[o], 1e-20F);  // a kernel of zeros still needs a range
    low[o] = -high[o];
  }
  const Output lows = OwnedConstant(std::move(low), {shape[0], 1, 1, 1});
  const Output highs = OwnedConstant(std::move(high), {shape[0], 1, 1, 1});
  return std::make_shared<ov::op::v0::FakeQuantize>(kernel, lows, highs, lows, highs, 255);
}

/// The largest value of each image, (batch, 1).
Output LargestValue(const Output& x) {
  const Output axes = Indices<std::int64_t>({1, 2, 3});
  const auto largest = std::make_shared<ov::op::v1::ReduceMax>(x, axes, false);
  return std::make_shared<ov::op::v0::Unsqueeze>(largest, Indices<std::int64_t>({1}));
}

std::shared_ptr<ov::Model> Build(VggWeights weights, const NetworkOptions& options) {
  const bool int8 = options.precision == Precision::kInt8;
  ov::OutputVector largest;
  const auto pixels = std::make_shared<ov::op::v0::Parameter>(
      ov::element::u8,
      ov::Shape{static_cast<std::size_t>(options.batch_size), static_cast<std::size_t>(options.image_height),
                static_cast<std::size_t>(options.image_width), 3});
  Output x = Preprocess(pixels);
  const std::vector<VggShape> shapes = VggLayers(weights.variant);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    VggLayer& layer = weights.layers[i];
    Output kernel = KernelConstant(layer.kernel, i == 0);
    if (int8 && i > 0) kernel = QuantizeKernel(kernel);  // the first layer costs little and sees signed values
    const auto convolution = std::make_shared<ov::op::v1::Convolution>(
        x, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{1, 1}, ov::CoordinateDiff{1, 1}, ov::Strides{1, 1});
    convolution->set_friendly_name(shapes[i].name);
    const auto sum = std::make_shared<ov::op::v1::Add>(convolution, BiasConstant(layer.bias));
    layer = {};
    x = std::make_shared<ov::op::v0::Relu>(sum);
    if (i + 1 < shapes.size()) {
      if (int8) x = QuantizeActivations(x, options.int8_ranges[i]);
      if (options.measure_int8_ranges) largest.push_back(LargestValue(x));
    }
    if (shapes[i].pooled_after) x = MaxPool(x);
  }
  const Output features =
      options.measure_int8_ranges ? Output(std::make_shared<ov::op::v0::Concat>(largest, 1)) : Pool(x, options.pooling);
  return std::make_shared<ov::Model>(ov::OutputVector{features}, ov::ParameterVector{pixels},
                                     std::string(weights.variant.name));
}

}  // namespace

Result<std::shared_ptr<ov::Model>> BuildVggGraph(VggWeights weights, const NetworkOptions& options) {
  const std::size_t wanted_ranges = weights.layers.size() - 1;
  if (options.precision == Precision::kInt8) {
    if (options.measure_int8_ranges) return Status::Invalid("int8 ranges are measured in f32, not in int8");
    if (options.int8_ranges.size() != wanted_ranges) {
      return Status::Invalid("precision int8 got ", options.int8_ranges.size(), " ranges, ", weights.variant.title,
                             " has ", wanted_ranges, "; measure them on a sample of images first");
    }
    for (const float range : options.int8_ranges) {
      if (!std::isfinite(range) || range <= 0) return Status::Invalid("an int8 range of ", range, " is not positive");
    }
  }
  try {
    return Build(std::move(weights), options);
  } catch (const std::exception& error) {
    return Status::Invalid("the VGG graph cannot be built: ", OpenVinoMessage(error.what()));
  }
}

}  // namespace pomona
