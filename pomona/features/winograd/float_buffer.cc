#include "pomona/features/winograd/float_buffer.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include <sys/mman.h>

namespace pomona::winograd {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kMapped = std::numeric_limits<std::size_t>::max();  // the sanitizer watches what malloc gives
#else
constexpr std::size_t kMapped = std::size_t{4} << 20;  // bytes from which on huge pages are worth their waste
#endif
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t RoundedUp(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// A mapping has no alignment of huge pages by itself: one page more is asked for, and both ends are given back.
float* Map(std::size_t bytes) {
  const std::size_t wanted = RoundedUp(bytes, kHugePage);
  void* const place = mmap(nullptr, wanted + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(place);
  const std::size_t before = RoundedUp(reinterpret_cast<std::size_t>(begin), kHugePage) -  // NOLINT: an address
                             reinterpret_cast<std::size_t>(begin);                         // NOLINT
  if (before > 0) munmap(begin, before);
  if (before < kHugePage) munmap(begin + before + wanted, kHugePage - before);
  madvise(begin + before, wanted, MADV_HUGEPAGE);  // a wish; without it the pages are small
  return reinterpret_cast<float*>(begin + before);
}

}  // namespace

FloatBuffer::FloatBuffer(std::size_t floats) : size_(floats) {
  if (floats == 0) return;
  const std::size_t bytes = RoundedUp(floats * sizeof(float), kAlignment);
  if (bytes >= kMapped) {
    data_ = Map(bytes);
  } else {
    data_ = static_cast<float*>(std::aligned_alloc(kAlignment, bytes));
    if (data_ != nullptr) std::memset(data_, 0, bytes);
  }
  if (data_ == nullptr) size_ = 0;
}

FloatBuffer::~FloatBuffer() {
  if (data_ == nullptr) return;
  const std::size_t bytes = RoundedUp(size_ * sizeof(float), kAlignment);
  if (bytes >= kMapped) {
    munmap(data_, RoundedUp(bytes, kHugePage));
  } else {
    std::free(data_);
  }
}

FloatBuffer::FloatBuffer(FloatBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

FloatBuffer& FloatBuffer::operator=(FloatBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace pomona::winograd
