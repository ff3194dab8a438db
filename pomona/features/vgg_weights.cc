#include "pomona/features/vgg_weights.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "pomona/base/hash.h"
#include "pomona/base/text.h"
#include "pomona/features/keras_h5.h"
#include "pomona/features/onnx_weights.h"
#include "pomona/features/safetensors.h"
#include "pomona/features/wheel.h"

namespace pomona {
namespace {

enum class Format { kHdf5, kZip, kSafetensors, kOnnx, kUnknown };

Format DetectFormat(std::string_view start) {
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return Format::kHdf5;
  if (start.starts_with("PK\x03\x04")) return Format::kZip;
  // A header length of eight bytes, then JSON.
  if (start.size() > 8 && start[8] == '{' && start.substr(4, 4) == std::string_view("\0\0\0\0", 4)) {
    return Format::kSafetensors;
  }
  if (start.starts_with('\x08')) return Format::kOnnx;  // protobuf: field 1, ir_version
  return Format::kUnknown;
}

Result<std::vector<Tensor>> ReadTensors(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                        std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto start, file->ReadAt(0, std::min<std::int64_t>(size, 16)));
  const Format format = DetectFormat(std::string_view(*start));
  if (format == Format::kUnknown) {
    return Status::Invalid(origin,
                           " is no weights file: a Keras .h5, .safetensors or .onnx file, or a wheel with an "
                           ".onnx file in it, is wanted");
  }
  if (format == Format::kSafetensors) {
    ARROW_ASSIGN_OR_RAISE(Safetensors safetensors, ReadSafetensors(file, origin));
    return std::move(safetensors.tensors);
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes, file->ReadAt(0, size));
  if (bytes->size() != size) return Status::IOError(origin, ": read ", bytes->size(), " bytes of ", size);
  if (format == Format::kHdf5) return ReadKerasH5(bytes, origin);
  if (format == Format::kZip) {
    ARROW_ASSIGN_OR_RAISE(bytes, ReadZipMember(bytes, ".onnx", origin));
  }
  return ReadOnnxConvolutions(bytes, origin);
}

/// Block and convolution count from 0, their names from 1.
std::string LayerName(std::size_t block, int convolution) {
  return "block" + std::to_string(block + 1) + "_conv" + std::to_string(convolution + 1);
}

enum class Role { kKernel, kBias };

/// What a tensor is to a layer: "block1_conv1/kernel:0", "block1_conv1/block1_conv1_W_1:0" and
/// "model/block1_conv1.weight" are kernels of block1_conv1.
std::optional<Role> RoleIn(std::string_view layer, std::string_view name) {
  const std::size_t found = name.rfind(layer);
  if (found == std::string_view::npos) return std::nullopt;
  if (found > 0 && std::isalnum(static_cast<unsigned char>(name[found - 1])) != 0) return std::nullopt;
  std::string_view rest = name.substr(found + layer.size());
  if (!rest.empty() && std::isalnum(static_cast<unsigned char>(rest[0])) != 0) return std::nullopt;
  if (const std::size_t slash = rest.find_last_of("/."); slash != std::string_view::npos) rest.remove_prefix(slash + 1);
  while (rest.starts_with('_')) rest.remove_prefix(1);
  if (rest.starts_with("kernel") || rest.starts_with('W') || rest.starts_with("weight")) return Role::kKernel;
  if (rest.starts_with("bias") || rest.starts_with('b')) return Role::kBias;
  return std::nullopt;
}

bool AllFinite(std::span<const float> values) {
  // x - x is 0 for finite x and NaN otherwise; unlike isfinite it vectorises.
  float sum = 0;
  for (const float value : values) sum += value - value;
  return sum == 0;
}

/// The one tensor that plays a role in a layer, checked.
Result<Tensor> Pick(const std::vector<Tensor>& tensors, const VggVariant& variant, std::string_view layer, Role role,
                    const std::vector<std::int64_t>& shape, std::string_view origin) {
  const std::string_view role_name = role == Role::kKernel ? "kernel" : "bias";
  const Tensor* found = nullptr;
  for (const Tensor& tensor : tensors) {
    if (RoleIn(layer, tensor.name) != role) continue;
    if (found != nullptr) {
      return Status::Invalid(origin, ": layer \"", layer, "\" has two tensors for its ", role_name, ": \"",
                             ToValidUtf8(found->name), "\" and \"", ToValidUtf8(tensor.name), "\"");
    }
    found = &tensor;
  }
  if (found == nullptr) {
    return Status::Invalid(origin, ": layer \"", layer, "\" has no ", role_name, "; ", variant.title,
                           " needs one of shape ", ShapeText(shape), " (the file holds ", tensors.size(), " tensors",
                           tensors.empty() ? "" : ", the first is \"" + ToValidUtf8(tensors[0].name) + "\"", ")");
  }
  if (found->shape != shape) {
    return Status::Invalid(origin, ": layer \"", layer, "\": the ", role_name, " has the shape ",
                           ShapeText(found->shape), ", ", ShapeText(shape), " wanted");
  }
  ARROW_ASSIGN_OR_RAISE(Tensor tensor, ToFloat32(*found));
  if (!AllFinite(tensor.values<float>())) {
    return Status::Invalid(origin, ": layer \"", layer, "\": the ", role_name,
                           " holds a value that is NaN or infinite");
  }
  tensor.name = std::string(layer) + "/" + std::string(role_name);
  return tensor;
}

/// Refuses a convolution that comes after the last one of its block.
Status CheckBlocks(const std::vector<Tensor>& tensors, const VggVariant& variant, std::string_view origin) {
  for (std::size_t block = 0; block < variant.convolutions.size(); ++block) {
    const std::string layer = LayerName(block, variant.convolutions[block]);
    for (const Tensor& tensor : tensors) {
      if (!RoleIn(layer, tensor.name)) continue;
      return Status::Invalid(origin, ": holds a layer \"", layer, "\", which ", variant.title,
                             " does not have: these are the weights of another network",
                             block >= 2 && variant.name == kVgg16.name ? ", such as vgg19" : "");
    }
  }
  return Status::OK();
}

}  // namespace

std::vector<VggShape> VggLayers(const VggVariant& variant) {
  constexpr std::array kChannels = {64, 128, 256, 512, 512};
  std::vector<VggShape> layers;
  int inputs = 3;
  for (std::size_t block = 0; block < variant.convolutions.size(); ++block) {
    for (int i = 0; i < variant.convolutions[block]; ++i) {
      layers.push_back({LayerName(block, i), inputs, kChannels[block], i + 1 == variant.convolutions[block]});
      inputs = kChannels[block];
    }
  }
  return layers;
}

Result<VggWeights> VggWeights::Read(const std::shared_ptr<arrow::io::RandomAccessFile>& file, const VggVariant& variant,
                                    std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<Tensor> tensors, ReadTensors(file, origin));
  ARROW_RETURN_NOT_OK(CheckBlocks(tensors, variant, origin));
  VggWeights weights{variant, {}};
  for (const VggShape& layer : VggLayers(variant)) {
    ARROW_ASSIGN_OR_RAISE(
        Tensor kernel, Pick(tensors, variant, layer.name, Role::kKernel, {3, 3, layer.inputs, layer.outputs}, origin));
    ARROW_ASSIGN_OR_RAISE(Tensor bias, Pick(tensors, variant, layer.name, Role::kBias, {layer.outputs}, origin));
    weights.layers.push_back({std::move(kernel), std::move(bias)});
  }
  return weights;
}

std::string VggWeights::Sha256() const {
  Hasher hasher(HashKind::kSha256);
  for (const VggLayer& layer : layers) {
    hasher.Update(std::as_bytes(layer.kernel.values<float>()));
    hasher.Update(std::as_bytes(layer.bias.values<float>()));
  }
  return hasher.Finish();
}

Status VggWeights::WriteSafetensors(arrow::io::OutputStream* output) const {
  std::vector<Tensor> tensors;
  for (const VggLayer& layer : layers) {
    tensors.push_back(layer.kernel);
    tensors.push_back(layer.bias);
  }
  return pomona::WriteSafetensors(tensors, {}, output);
}

}  // namespace pomona
