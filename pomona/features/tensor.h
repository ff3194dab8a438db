#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <arrow/buffer.h>

#include "pomona/base/status.h"

namespace pomona {

enum class ElementType { kFloat16, kFloat32, kFloat64, kInt16, kInt32, kInt64, kUInt8 };

/// \brief Bytes of one element: 1, 2, 4 or 8.
std::int64_t ElementSize(ElementType type);

/// \brief The name the safetensors format uses: "F16", "F32", "F64", "I16", "I32", "I64", "U8".
std::string_view ElementTypeName(ElementType type);
std::optional<ElementType> ElementTypeFromName(std::string_view name);

template <typename T>
constexpr ElementType ElementTypeOf() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int16_t> ||
                std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint8_t>);
  if constexpr (std::is_same_v<T, float>) return ElementType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return ElementType::kFloat64;
  if constexpr (std::is_same_v<T, std::int16_t>) return ElementType::kInt16;
  if constexpr (std::is_same_v<T, std::int32_t>) return ElementType::kInt32;
  if constexpr (std::is_same_v<T, std::int64_t>) return ElementType::kInt64;
  return ElementType::kUInt8;
}

/// \brief A named array: row-major, little-endian, its bytes shared and never changed.
///
/// Copies are cheap; they share the bytes. Thread safety: const calls may run together.
struct Tensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;      ///< empty for a scalar
  std::shared_ptr<arrow::Buffer> data;  ///< element_count() * ElementSize(type) bytes, aligned for the type

  /// \brief A tensor that owns `values`, whose number must be the product of `shape`.
  template <typename T>
  static Tensor FromVector(std::string name, std::vector<std::int64_t> shape, std::vector<T> values) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.type = ElementTypeOf<T>();
    tensor.shape = std::move(shape);
    tensor.data = arrow::Buffer::FromVector(std::move(values));
    return tensor;
  }

  /// \brief The product of `shape`.
  std::int64_t element_count() const;

  /// \brief The elements; T must be the element type.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data->data()), static_cast<std::size_t>(data->size()) / sizeof(T)};
  }
};

/// \brief "(3, 3, 64, 128)".
std::string ShapeText(std::span<const std::int64_t> shape);

/// \brief The tensor as float32: itself when it is that already, else a converted copy of F16 or F64.
///
/// \return TypeError for integers, naming the tensor
Result<Tensor> ToFloat32(const Tensor& tensor);

}  // namespace pomona
