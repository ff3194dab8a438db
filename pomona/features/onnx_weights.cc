#include "pomona/features/onnx_weights.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/openvino.hpp>

#include "pomona/features/openvino_runtime.h"

namespace pomona {
namespace {

using Constant = ov::op::v0::Constant;

/// "block1_conv2" out of "functional_1/block1_conv2_1/BiasAdd/WithoutBiases".
std::optional<std::string> LayerName(std::string_view node) {
  constexpr std::string_view kPattern = "block#_conv#";
  const auto fits = [](char wanted, char got) { return wanted == '#' ? got >= '1' && got <= '9' : wanted == got; };
  const auto found = std::search(node.begin(), node.end(), kPattern.begin(), kPattern.end(),
                                 [&](char got, char wanted) { return fits(wanted, got); });
  if (found == node.end()) return std::nullopt;
  return std::string(found, found + kPattern.size());
}

/// The constant behind an output, looking through operations that change the shape only.
std::shared_ptr<Constant> ConstantBehind(ov::Output<ov::Node> output) {
  while (true) {
    const auto node = output.get_node_shared_ptr();
    if (auto constant = ov::as_type_ptr<Constant>(node)) return constant;
    const std::string_view type = node->get_type_name();
    if (type != "Reshape" && type != "Unsqueeze" && type != "Squeeze" && type != "Convert") return nullptr;
    output = node->input_value(0);
  }
}

Tensor KernelToHwio(const Constant& constant, const std::string& layer) {
  const ov::Shape& shape = constant.get_shape();  // OIHW
  const std::size_t outputs = shape[0];
  const std::size_t inputs = shape[1];
  const std::size_t plane = shape[2] * shape[3];
  const std::vector<float> source = constant.cast_vector<float>();
  std::vector<float> values(source.size());
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t p = 0; p < plane; ++p) {
        values[(p * inputs + i) * outputs + o] = source[(o * inputs + i) * plane + p];
      }
    }
  }
  return Tensor::FromVector(layer + "/kernel",
                            {static_cast<std::int64_t>(shape[2]), static_cast<std::int64_t>(shape[3]),
                             static_cast<std::int64_t>(inputs), static_cast<std::int64_t>(outputs)},
                            std::move(values));
}

/// The constant that an addition right after the convolution brings, or null.
std::shared_ptr<Constant> BiasOf(const ov::Node& convolution) {
  for (const ov::Input<ov::Node>& target : convolution.output(0).get_target_inputs()) {
    if (dynamic_cast<ov::op::v1::Add*>(target.get_node()) == nullptr) continue;
    if (auto constant = ConstantBehind(target.get_node()->input_value(1 - target.get_index()))) return constant;
  }
  return nullptr;
}

Result<std::vector<Tensor>> Convolutions(const ov::Model& model, std::string_view origin) {
  std::vector<Tensor> tensors;
  for (const auto& node : model.get_ordered_ops()) {
    const auto convolution = ov::as_type_ptr<ov::op::v1::Convolution>(node);
    if (convolution == nullptr) continue;
    const auto kernel = ConstantBehind(convolution->input_value(1));
    std::optional<std::string> layer = LayerName(convolution->get_friendly_name());
    if (!layer && kernel != nullptr) layer = LayerName(kernel->get_friendly_name());
    if (!layer) continue;
    if (kernel == nullptr || kernel->get_shape().size() != 4) {
      return Status::Invalid(origin, ": layer \"", *layer, "\" has no constant kernel of four dimensions");
    }
    tensors.push_back(KernelToHwio(*kernel, *layer));
    if (const auto bias = BiasOf(*convolution)) {
      std::vector<float> values = bias->cast_vector<float>();
      const auto length = static_cast<std::int64_t>(values.size());
      tensors.push_back(Tensor::FromVector(*layer + "/bias", {length}, std::move(values)));
    }
  }
  return tensors;
}

}  // namespace

Result<std::vector<Tensor>> ReadOnnxConvolutions(const std::shared_ptr<arrow::Buffer>& bytes, std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(ov::Core* const core, OpenVinoCore());
  try {
    const auto model = core->read_model(bytes->ToString(), ov::Tensor());
    return Convolutions(*model, origin);
  } catch (const std::exception& error) {
    return Status::Invalid(origin, " cannot be read as an ONNX model: ", OpenVinoMessage(error.what()));
  }
}

}  // namespace pomona
