#include "pomona/features/winograd/network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pomona/base/parallel.h"
#include "pomona/base/text.h"

namespace pomona::winograd {
namespace {

constexpr int kPixelChannels = 3;

bool AllFinite(std::span<const float> values) {
  // x - x is 0 for finite x and NaN otherwise; unlike isfinite it vectorises.
  float sum = 0;
  for (const float value : values) sum += value - value;
  return sum == 0;
}

Status CheckWeights(const NetworkLayer& layer) {
  const auto wanted =
      static_cast<std::size_t>(9) * static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.outputs);
  if (layer.kernel.size() != wanted || layer.bias.size() != static_cast<std::size_t>(layer.outputs)) {
    return Status::Invalid("layer \"", layer.name, "\": ", layer.kernel.size(), " values of the kernel and ",
                           layer.bias.size(), " of the bias, ", wanted, " and ", layer.outputs, " wanted");
  }
  if (!AllFinite(layer.kernel) || !AllFinite(layer.bias)) {
    return Status::Invalid("layer \"", layer.name, "\": the ", AllFinite(layer.kernel) ? "bias" : "kernel",
                           " holds a value that is NaN or infinite");
  }
  return Status::OK();
}

Status NoMemory(std::size_t floats) {
  return Status::OutOfMemory("the system has no ", HumanBytes(static_cast<double>(floats * sizeof(float))),
                             " for the transformed weights; --memory with a lower limit takes smaller tiles");
}

}  // namespace

Result<std::vector<ConvolutionShape>> ConvolutionShapes(const NetworkDescription& description) {
  const std::vector<NetworkLayer>& layers = description.layers;
  if (layers.size() < 2 || layers.front().inputs != kPixelChannels || layers.front().pooled_after ||
      !layers.back().pooled_after) {
    return Status::Invalid("a network of ", layers.size(),
                           " layers: at least 2 are wanted, of which the first has 3 inputs and no pooling and the "
                           "last one is pooled");
  }
  std::vector<ConvolutionShape> shapes;
  int rows = description.image_rows;
  int columns = description.image_columns;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const NetworkLayer& layer = layers[i];
    const int inputs = i == 0 ? kPixelChannels : layers[i - 1].outputs;
    if (layer.inputs != inputs || layer.outputs < 1 || layer.outputs % kChannelMultiple != 0) {
      return Status::Invalid("layer \"", layer.name, "\" has ", layer.inputs, " inputs and ", layer.outputs,
                             " outputs; ", inputs, " and a multiple of ", kChannelMultiple, " wanted");
    }
    if (rows < (layer.pooled_after ? 2 : 1) || columns < (layer.pooled_after ? 2 : 1)) {
      return Status::Invalid("an image of ", description.image_columns, "x", description.image_rows,
                             " pixels leaves nothing for layer \"", layer.name, "\"");
    }
    if (i > 0) shapes.push_back({layer.inputs, layer.outputs, rows, columns, layer.pooled_after});
    if (!layer.pooled_after) continue;
    rows /= 2;
    columns /= 2;
  }
  return shapes;
}

Result<std::unique_ptr<Network>> Network::Make(const NetworkDescription& description, const NetworkPlan& plan) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<ConvolutionShape> shapes, ConvolutionShapes(description));
  if (plan.layers.size() != shapes.size()) {
    return Status::Invalid("a plan of ", plan.layers.size(), " layers for a network that has ", shapes.size());
  }
  for (const NetworkLayer& layer : description.layers) ARROW_RETURN_NOT_OK(CheckWeights(layer));
  std::unique_ptr<Network> network(new Network());
  network->plan_ = plan;
  network->pooling_ = description.pooling;
  network->pooling_kernels_ = &PoolingKernelsFor(plan.target);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    network->layers_.emplace_back(shapes[i], plan.layers[i].tile_size, plan.target);
  }
  std::size_t biases = 0;
  for (const NetworkLayer& layer : description.layers) biases += layer.bias.size();
  network->biases_ = FloatBuffer(biases);
  network->PrepareFirst(description);
  if (network->biases_.data() == nullptr || network->first_.weights == nullptr || network->first_.mean_row == nullptr) {
    return NoMemory(biases);
  }
  ARROW_RETURN_NOT_OK(network->TransformWeights(description));
  return network;
}

void Network::PrepareFirst(const NetworkDescription& description) {
  const NetworkLayer& layer = description.layers[0];
  const FirstConvolution& kernel = FirstConvolutionFor(plan_.target);
  first_weights_ = FloatBuffer(static_cast<std::size_t>(kFirstTaps) * static_cast<std::size_t>(layer.outputs));
  mean_row_ = FloatBuffer(static_cast<std::size_t>(description.image_columns) * kPixelChannels);
  first_ = {&kernel,        description.image_rows, description.image_columns, layer.outputs, first_weights_.data(),
            biases_.data(), mean_row_.data()};
  if (first_.weights == nullptr || first_.bias == nullptr || first_.mean_row == nullptr) return;

  // Pixels come as RGB. A network that was trained on BGR has its weights and means turned round instead.
  const bool turned = description.preprocessing.channel_order == ChannelOrder::kBgr;
  const auto outputs = static_cast<std::size_t>(layer.outputs);
  const auto network_channel = [&](int channel) { return turned ? kPixelChannels - 1 - channel : channel; };
  for (int tap = 0; tap < kFirstTaps; ++tap) {
    const int source_tap = tap / kPixelChannels * kPixelChannels + network_channel(tap % kPixelChannels);
    for (int output = 0; output < layer.outputs; ++output) {
      const int panel = output / kernel.panel_width;
      first_weights_.data()[(panel * kFirstTaps + tap) * kernel.panel_width + output % kernel.panel_width] =
          layer.kernel[static_cast<std::size_t>(source_tap) * outputs + static_cast<std::size_t>(output)];
    }
  }
  std::copy(layer.bias.begin(), layer.bias.end(), biases_.data());
  for (std::size_t i = 0; i < mean_row_.size(); ++i) {
    mean_row_.data()[i] =
        description.preprocessing.mean[static_cast<std::size_t>(network_channel(static_cast<int>(i % kPixelChannels)))];
  }
}

Status Network::TransformWeights(const NetworkDescription& description) {
  /// One piece of one layer.
  struct Task {
    std::size_t layer;
    int piece;
  };
  std::vector<Task> tasks;
  std::size_t floats = 0;
  std::size_t biases = description.layers[0].bias.size();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::span<const float> bias = description.layers[i + 1].bias;
    weight_places_.push_back(floats);
    bias_places_.push_back(biases);
    std::copy(bias.begin(), bias.end(), biases_.data() + biases);
    floats += (layers_[i].weight_floats() + kChannelBlock - 1) / kChannelBlock * kChannelBlock;
    biases += bias.size();
    for (int piece = 0; piece < layers_[i].weight_pieces(); ++piece) tasks.push_back({i, piece});
  }
  weights_ = FloatBuffer(floats);
  if (weights_.data() == nullptr) return NoMemory(floats);
  return ParallelFor(static_cast<std::int64_t>(tasks.size()), plan_.threads, [&](std::int64_t i) {
    const Task& task = tasks[static_cast<std::size_t>(i)];
    layers_[task.layer].TransformWeights(description.layers[task.layer + 1].kernel.data(), task.piece,
                                         weights_.data() + weight_places_[task.layer]);
    return Status::OK();
  });
}

std::int64_t Network::SharedBytes(std::span<const ConvolutionShape> shapes, const NetworkPlan& plan) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const ConvolutionLayer layer(shapes[i], plan.layers[i].tile_size, plan.target);
    bytes += static_cast<std::int64_t>(layer.weight_floats() * sizeof(float));
  }
  return bytes;
}

std::int64_t Network::dim() const {
  const ConvolutionLayer& last = layers_.back();
  const std::int64_t channels = last.shape().outputs;
  if (pooling_ != Pooling::kNone) return channels;
  return channels * (last.grid().output_rows / 2) * (last.grid().output_columns / 2);
}

}  // namespace pomona::winograd
