#include "pomona/features/vgg16_weights.h"

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
Result<Tensor> Pick(const std::vector<Tensor>& tensors, std::string_view layer, Role role,
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
    return Status::Invalid(origin, ": layer \"", layer, "\" has no ", role_name, "; VGG16 needs one of shape ",
                           ShapeText(shape), " (the file holds ", tensors.size(), " tensors",
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

}  // namespace

Result<Vgg16Weights> Vgg16Weights::Read(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                        std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<Tensor> tensors, ReadTensors(file, origin));
  Vgg16Weights weights;
  for (std::size_t i = 0; i < kVgg16Layers.size(); ++i) {
    const Vgg16Shape& layer = kVgg16Layers[i];
    ARROW_ASSIGN_OR_RAISE(weights.layers[i].kernel,
                          Pick(tensors, layer.name, Role::kKernel, {3, 3, layer.inputs, layer.outputs}, origin));
    ARROW_ASSIGN_OR_RAISE(weights.layers[i].bias, Pick(tensors, layer.name, Role::kBias, {layer.outputs}, origin));
  }
  return weights;
}

std::string Vgg16Weights::Sha256() const {
  Hasher hasher(HashKind::kSha256);
  for (const Vgg16Layer& layer : layers) {
    hasher.Update(std::as_bytes(layer.kernel.values<float>()));
    hasher.Update(std::as_bytes(layer.bias.values<float>()));
  }
  return hasher.Finish();
}

Status Vgg16Weights::WriteSafetensors(arrow::io::OutputStream* output) const {
  std::vector<Tensor> tensors;
  for (const Vgg16Layer& layer : layers) {
    tensors.push_back(layer.kernel);
    tensors.push_back(layer.bias);
  }
  return pomona::WriteSafetensors(tensors, {}, output);
}

}  // namespace pomona
