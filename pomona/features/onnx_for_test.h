#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/features/tensor.h"

namespace pomona {

/// \brief Writes small ONNX models for tests, field by field of onnx.proto.
class OnnxForTest {
 public:
  explicit OnnxForTest(std::int64_t opset = 13) : opset_(opset) {}

  /// A dimension below 1 stays open.
  void Input(std::string_view name, const std::vector<std::int64_t>& shape) { graph_ += Bytes(11, Value(name, shape)); }
  void Output(std::string_view name) { graph_ += Bytes(12, Bytes(1, name)); }

  void Initializer(const Tensor& tensor) {
    std::string proto;
    for (const std::int64_t extent : tensor.shape) proto += Number(1, extent);
    proto += Number(2, tensor.type == ElementType::kInt64 ? 7 : 1) + Bytes(8, tensor.name) +
             Bytes(9, std::string_view(*tensor.data));
    graph_ += Bytes(5, proto);
  }

  void Node(std::string_view type, std::string_view name, const std::vector<std::string>& inputs,
            std::string_view output, std::string_view attributes = "") {
    std::string proto;
    for (const std::string& input : inputs) proto += Bytes(1, input);
    graph_ += Bytes(1, proto + Bytes(2, output) + Bytes(3, name) + Bytes(4, type) + std::string(attributes));
  }

  static std::string Integers(std::string_view name, const std::vector<std::int64_t>& values) {
    std::string proto = Bytes(1, name) + Number(20, 7);
    for (const std::int64_t value : values) proto += Number(8, value);
    return Bytes(5, proto);
  }

  std::string Finish() const {
    return Number(1, 8) + Bytes(7, graph_ + Bytes(2, "test")) + Bytes(8, Bytes(1, "") + Number(2, opset_));
  }

 private:
  static std::string Varint(std::uint64_t value) {
    std::string text;
    for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7F) | 0x80);
    return text + static_cast<char>(value);
  }
  static std::string Number(std::uint64_t field, std::int64_t value) {
    return Varint(field << 3) + Varint(static_cast<std::uint64_t>(value));
  }
  static std::string Bytes(std::uint64_t field, std::string_view bytes) {
    return Varint(field << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
  }
  static std::string Value(std::string_view name, const std::vector<std::int64_t>& shape) {
    std::string dims;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      dims += Bytes(1, shape[i] > 0 ? Number(1, shape[i]) : Bytes(2, "open" + std::to_string(i)));
    }
    return Bytes(1, name) + Bytes(2, Bytes(1, Number(1, 1) + Bytes(2, dims)));
  }

  std::int64_t opset_;
  std::string graph_;
};

}  // namespace pomona
