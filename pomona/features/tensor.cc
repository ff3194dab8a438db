#include "pomona/features/tensor.h"

#include <array>

#include <arrow/util/float16.h>

namespace pomona {
namespace {

struct TypeInfo {
  std::string_view name;
  std::int64_t size;
};

// The order of the enumerators.
constexpr std::array kTypes = {TypeInfo{"F16", 2}, TypeInfo{"F32", 4}, TypeInfo{"F64", 8}, TypeInfo{"I16", 2},
                               TypeInfo{"I32", 4}, TypeInfo{"I64", 8}, TypeInfo{"U8", 1}};

}  // namespace

std::int64_t ElementSize(ElementType type) { return kTypes[static_cast<std::size_t>(type)].size; }

std::string_view ElementTypeName(ElementType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::optional<ElementType> ElementTypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name == name) return static_cast<ElementType>(i);
  }
  return std::nullopt;
}

std::int64_t Tensor::element_count() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

std::string ShapeText(std::span<const std::int64_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

Result<Tensor> ToFloat32(const Tensor& tensor) {
  if (tensor.type == ElementType::kFloat32) return tensor;
  std::vector<float> values(static_cast<std::size_t>(tensor.element_count()));
  if (tensor.type == ElementType::kFloat64) {
    const auto source = tensor.values<double>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(source[i]);
  } else if (tensor.type == ElementType::kFloat16) {
    const std::uint8_t* source = tensor.data->data();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = arrow::util::Float16::FromLittleEndian(source + 2 * i).ToFloat();
    }
  } else {
    return Status::TypeError("tensor \"", tensor.name, "\" holds ", ElementTypeName(tensor.type),
                             " values, weights are F16, F32 or F64");
  }
  return Tensor::FromVector(tensor.name, tensor.shape, std::move(values));
}

}  // namespace pomona
