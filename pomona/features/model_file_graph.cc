#include "pomona/features/model_file_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/gather.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reduce_max.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/op/transpose.hpp>
#include <openvino/openvino.hpp>

#include "pomona/base/text.h"
#include "pomona/features/openvino_runtime.h"

namespace pomona {
namespace {

using Output = ov::Output<ov::Node>;
using ov::op::v0::Constant;
using ov::op::v0::Parameter;

std::string Text(const ov::PartialShape& shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

Output Indices(const std::vector<std::int64_t>& values) {
  return Constant::create(ov::element::i64, ov::Shape{values.size()}, values);
}

/// Names by which a person may call an output: its tensor's names, and its layer's when that has one output.
std::vector<std::string> NamesOf(const Output& output) {
  std::vector<std::string> names(output.get_names().begin(), output.get_names().end());
  const ov::Node& node = *output.get_node();
  if (node.get_output_size() == 1) names.push_back(node.get_friendly_name());
  return names;
}

bool IsChoosable(const Output& output) {
  const ov::Node& node = *output.get_node();
  return !ov::is_type<Constant>(&node) && !ov::is_type<ov::op::v0::Result>(&node) && !ov::is_type<Parameter>(&node) &&
         output.get_element_type().is_real();
}

Status UnknownOutput(const ov::Model& model, const std::string& wanted, std::string_view name) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> all;
  for (const auto& node : model.get_ordered_ops()) {
    for (const Output& output : node->outputs()) {
      if (!IsChoosable(output)) continue;
      // A tensor's own name comes first; layers get names from OpenVINO that no other tool shows.
      std::vector<std::string> names(output.get_names().begin(), output.get_names().end());
      if (names.empty()) names.push_back(node->get_friendly_name());
      std::sort(names.begin(), names.end());
      all.push_back(names.front());
    }
  }
  std::vector<std::string> near;
  if (std::string nearest = NearestWord(wanted, all); !nearest.empty()) near.push_back(std::move(nearest));
  for (const std::string& candidate : all) {
    const bool related = candidate.find(wanted) != std::string::npos || wanted.find(candidate) != std::string::npos;
    if (related && near.size() < kMost && std::find(near.begin(), near.end(), candidate) == near.end()) {
      near.push_back(candidate);
    }
  }
  const bool guessed = !near.empty();
  if (!guessed) near.assign(all.end() - static_cast<std::ptrdiff_t>(std::min(all.size(), kMost)), all.end());
  std::string list;
  for (const std::string& candidate : near) list += (list.empty() ? "\"" : ", \"") + candidate + "\"";
  return Status::KeyError(name, " has no output node \"", wanted, "\"; ",
                          guessed ? "near it: " : "its last ones: ", list);
}

Result<Output> FindOutput(const ov::Model& model, const std::string& wanted, std::string_view name) {
  if (wanted.empty()) {
    if (model.outputs().size() == 1) return model.get_results()[0]->input_value(0);
    std::string names;
    for (const auto& result : model.get_results()) {
      const std::vector<std::string> all = NamesOf(result->input_value(0));
      names += (names.empty() ? "\"" : ", \"") + (all.empty() ? std::string("?") : all.front()) + "\"";
    }
    return Status::Invalid(name, " has ", model.outputs().size(), " outputs (", names,
                           "); say which with --output-node");
  }
  for (const auto& node : model.get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Result>(node)) continue;
    for (const Output& output : node->outputs()) {
      for (const std::string& candidate : NamesOf(output)) {
        if (candidate == wanted || candidate == wanted + ":0") return output;
      }
    }
  }
  return UnknownOutput(model, wanted, name);
}

/// The inputs that an output depends on.
ov::ParameterVector ParametersBehind(const Output& output) {
  ov::ParameterVector parameters;
  std::set<const ov::Node*> seen;
  std::vector<std::shared_ptr<ov::Node>> open = {output.get_node_shared_ptr()};
  while (!open.empty()) {
    const auto node = open.back();
    open.pop_back();
    if (!seen.insert(node.get()).second) continue;
    if (auto parameter = ov::as_type_ptr<Parameter>(node)) parameters.push_back(std::move(parameter));
    for (const Output& input : node->input_values()) open.push_back(input.get_node_shared_ptr());
  }
  return parameters;
}

/// The image input's layout; nothing when its shape is no image of three channels.
std::optional<ChannelPlace> PlaceOfChannels(const ov::PartialShape& shape, ChannelPlace usual) {
  if (shape.rank().is_dynamic()) return usual;
  if (shape.rank().get_length() != 4) return std::nullopt;
  const auto fits = [&](std::size_t axis) { return shape[axis].is_dynamic() || shape[axis].get_length() == 3; };
  const auto says = [&](std::size_t axis) { return shape[axis].is_static() && shape[axis].get_length() == 3; };
  if (says(1) != says(3)) return says(1) ? ChannelPlace::kFirst : ChannelPlace::kLast;
  if (fits(1) && fits(3)) return usual;
  return std::nullopt;
}

struct ImageSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

Result<ImageSize> ChooseSize(const ov::PartialShape& shape, ChannelPlace place, const NetworkOptions& options,
                             std::string_view name) {
  const std::size_t height_axis = place == ChannelPlace::kFirst ? 2 : 1;
  ImageSize size = {options.image_width, options.image_height};
  const bool ranked = shape.rank().is_static();
  if (size.width == 0 && ranked && shape[height_axis + 1].is_static()) size.width = shape[height_axis + 1].get_length();
  if (size.height == 0 && ranked && shape[height_axis].is_static()) size.height = shape[height_axis].get_length();
  if (size.width < 1 || size.height < 1) {
    return Status::Invalid(name, " leaves its image size open (", Text(shape), "); say it with --image-size");
  }
  return size;
}

/// Reshapes to a batch of images of one size. The output must have a row for each image.
Status Reshape(const std::shared_ptr<ov::Model>& model, ChannelPlace place, ImageSize size, std::int64_t batch) {
  const ov::PartialShape shape = place == ChannelPlace::kFirst ? ov::PartialShape{batch, 3, size.height, size.width}
                                                               : ov::PartialShape{batch, size.height, size.width, 3};
  try {
    model->reshape(shape);
    model->validate_nodes_and_infer_types();
  } catch (const std::exception& error) {
    return Status::Invalid(OpenVinoMessage(error.what()));
  }
  const ov::PartialShape result = model->output().get_partial_shape();
  if (result.is_dynamic()) return Status::Invalid("its output keeps the open shape ", Text(result));
  if (result.size() < 2 || result[0].get_length() != batch) {
    return Status::Invalid("its output has the shape ", Text(result), " for ", batch,
                           batch == 1 ? " image" : " images");
  }
  return Status::OK();
}

std::vector<float> Values(const std::array<float, 3>& values) { return {values.begin(), values.end()}; }

/// Pixels (batch, height, width, 3) as the network wants them.
Output Preprocess(const Output& pixels, const Preprocessing& how, ChannelPlace place, ov::element::Type type) {
  const bool plain =
      how.channel_order == ChannelOrder::kRgb && how.mean == Preprocessing().mean && how.scale == Preprocessing().scale;
  Output x = pixels;
  if (!plain || type != ov::element::u8) {
    x = std::make_shared<ov::op::v0::Convert>(x, ov::element::f32);
    if (how.channel_order == ChannelOrder::kBgr) {
      x = std::make_shared<ov::op::v8::Gather>(x, Indices({2, 1, 0}), Constant::create(ov::element::i64, {}, {3}));
    }
    if (how.mean != Preprocessing().mean) {
      x = std::make_shared<ov::op::v1::Subtract>(x, Constant::create(ov::element::f32, {1, 1, 1, 3}, Values(how.mean)));
    }
    if (how.scale != Preprocessing().scale) {
      x = std::make_shared<ov::op::v1::Multiply>(x,
                                                 Constant::create(ov::element::f32, {1, 1, 1, 3}, Values(how.scale)));
    }
    if (type != ov::element::f32) x = std::make_shared<ov::op::v0::Convert>(x, type);
  }
  if (place == ChannelPlace::kFirst) x = std::make_shared<ov::op::v1::Transpose>(x, Indices({0, 3, 1, 2}));
  return x;
}

/// Whether a plane of `rows` x `columns` can come from the image by shrinking both sides alike.
bool LooksLikePlane(std::int64_t rows, std::int64_t columns, ImageSize size) {
  const double stride = static_cast<double>(size.height + size.width) / static_cast<double>(rows + columns);
  return std::abs(static_cast<double>(rows) - static_cast<double>(size.height) / stride) <= 1.0 &&
         std::abs(static_cast<double>(columns) - static_cast<double>(size.width) / stride) <= 1.0;
}

/// Where a feature map has its channels: where only one reading gives a plane of the image's proportions, that one.
ChannelPlace PlaceInMap(const ov::Shape& map, ImageSize size, ChannelPlace usual) {
  const auto extent = [&](std::size_t axis) { return static_cast<std::int64_t>(map[axis]); };
  const bool first = LooksLikePlane(extent(2), extent(3), size);
  const bool last = LooksLikePlane(extent(1), extent(2), size);
  if (first != last) return first ? ChannelPlace::kFirst : ChannelPlace::kLast;
  return usual;
}

/// The output as float32 rows.
Output Pool(Output x, Pooling pooling, ImageSize size, ChannelPlace usual) {
  if (x.get_element_type() != ov::element::f32) x = std::make_shared<ov::op::v0::Convert>(x, ov::element::f32);
  const ov::Shape shape = x.get_shape();
  if (shape.size() == 4 && shape[1] * shape[2] * shape[3] > 1) {
    const ChannelPlace place = PlaceInMap(shape, size, usual);
    const Output plane = place == ChannelPlace::kFirst ? Indices({2, 3}) : Indices({1, 2});
    if (pooling == Pooling::kMax) return std::make_shared<ov::op::v1::ReduceMax>(x, plane, false);
    if (pooling == Pooling::kAverage) return std::make_shared<ov::op::v1::ReduceMean>(x, plane, false);
    if (place == ChannelPlace::kFirst) x = std::make_shared<ov::op::v1::Transpose>(x, Indices({0, 2, 3, 1}));
  }
  return std::make_shared<ov::op::v1::Reshape>(x, Indices({0, -1}), true);
}

Result<std::shared_ptr<ov::Model>> Adapt(const std::shared_ptr<ov::Model>& whole, const ModelFileOptions& options,
                                         ChannelPlace usual_place, std::string_view name) {
  ARROW_ASSIGN_OR_RAISE(const Output output, FindOutput(*whole, options.output_node, name));
  const ov::ParameterVector parameters = ParametersBehind(output);
  if (parameters.size() != 1) {
    return Status::Invalid(name, ": the output depends on ", parameters.size(), " inputs, one image input is wanted");
  }
  const ov::PartialShape shape = parameters[0]->get_partial_shape();
  const std::optional<ChannelPlace> place = PlaceOfChannels(shape, usual_place);
  if (!place) {
    return Status::Invalid(name, ": the input \"", parameters[0]->get_friendly_name(), "\" has the shape ", Text(shape),
                           "; (batch, 3, height, width) or (batch, height, width, 3) wanted");
  }
  ARROW_ASSIGN_OR_RAISE(const ImageSize size, ChooseSize(shape, *place, options.network, name));
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{output}, parameters, std::string(name));

  std::int64_t batch = options.network.batch_size;
  Status reshaped = Reshape(model, *place, size, batch);
  if (!reshaped.ok() && batch > 1) {  // some graphs carry the batch of one they were traced with
    batch = 1;
    reshaped = Reshape(model, *place, size, batch);
  }
  if (!reshaped.ok()) {
    return Status::Invalid(name, " cannot take images of ", size.width, "x", size.height, " (its own input is ",
                           Text(shape), "): ", reshaped.message());
  }

  const auto pixels = std::make_shared<Parameter>(
      ov::element::u8, ov::Shape{static_cast<std::size_t>(batch), static_cast<std::size_t>(size.height),
                                 static_cast<std::size_t>(size.width), 3});
  const auto input = model->get_parameters()[0];
  const ov::element::Type type = input->get_element_type();
  input->output(0).replace(Preprocess(pixels, options.preprocessing, *place, type));
  const Output features = Pool(model->get_results()[0]->input_value(0), options.network.pooling, size, *place);
  return std::make_shared<ov::Model>(ov::OutputVector{features}, ov::ParameterVector{pixels}, std::string(name));
}

}  // namespace

Result<std::shared_ptr<ov::Model>> AdaptModel(const std::shared_ptr<ov::Model>& model, const ModelFileOptions& options,
                                              ChannelPlace usual_place, std::string_view name) {
  if (options.network.batch_size < 1) {
    return Status::Invalid("a batch of ", options.network.batch_size, " images, at least 1 wanted");
  }
  if (options.network.image_width < 0 || options.network.image_height < 0) {
    return Status::Invalid("an image size of ", options.network.image_width, "x", options.network.image_height);
  }
  try {
    return Adapt(model, options, usual_place, name);
  } catch (const std::exception& error) {
    return Status::Invalid(name, ": ", OpenVinoMessage(error.what()));
  }
}

}  // namespace pomona
