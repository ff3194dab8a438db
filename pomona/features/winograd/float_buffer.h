#pragma once

#include <cstddef>

namespace pomona::winograd {

/// \brief Floats that are zero at first and begin at a multiple of 64 bytes; in huge pages where they are many and the
/// system has some.
///
/// Pages are taken from the system when they are first touched.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(std::size_t floats);
  ~FloatBuffer();
  FloatBuffer(FloatBuffer&& other) noexcept;
  FloatBuffer& operator=(FloatBuffer&& other) noexcept;
  FloatBuffer(const FloatBuffer&) = delete;
  FloatBuffer& operator=(const FloatBuffer&) = delete;

  /// \return nullptr when the system gave no memory, or when it is empty
  float* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  float* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pomona::winograd
