#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <arrow/memory_pool.h>

#include "pomona/base/status.h"

namespace pomona {

/// \brief A memory pool that refuses what goes beyond a limit, whatever a file claims that it holds.
///
/// It lives until its owner and the last buffer out of it are gone, so that buffers may outlive whoever read them.
///
/// Thread safety: all calls may run together; threads that allocate at the same time may exceed the limit by one
/// allocation each.
class LimitedMemoryPool final : public arrow::MemoryPool {
 public:
  static std::shared_ptr<LimitedMemoryPool> Make(std::int64_t limit);

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  /// \return CapacityError beyond the limit
  Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override;
  Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment, std::uint8_t** ptr) override;
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override;

  std::int64_t bytes_allocated() const override { return used_.load(); }
  std::int64_t total_bytes_allocated() const override { return total_.load(); }
  std::int64_t num_allocations() const override { return count_.load(); }
  std::string backend_name() const override { return backing_->backend_name(); }

  /// \brief How often memory was refused so far; libraries turn that into exceptions of any kind.
  std::int64_t refusals() const { return refusals_.load(); }

  std::int64_t limit() const { return limit_; }

 private:
  explicit LimitedMemoryPool(std::int64_t limit) : limit_(limit) {}
  Status Take(std::int64_t bytes);
  void Release();

  arrow::MemoryPool* const backing_ = arrow::default_memory_pool();
  const std::int64_t limit_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> total_{0};
  std::atomic<std::int64_t> count_{0};
  std::atomic<std::int64_t> holders_{1};  ///< the owner, and each buffer
  std::atomic<std::int64_t> refusals_{0};
};

}  // namespace pomona
