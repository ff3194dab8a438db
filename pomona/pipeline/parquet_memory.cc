#include "pomona/pipeline/parquet_memory.h"

#include "pomona/base/text.h"

namespace pomona {

std::shared_ptr<LimitedMemoryPool> LimitedMemoryPool::Make(std::int64_t limit) {
  return {new LimitedMemoryPool(limit), [](LimitedMemoryPool* pool) { pool->Release(); }};
}

void LimitedMemoryPool::Release() {
  if (holders_.fetch_sub(1) == 1) delete this;
}

Status LimitedMemoryPool::Take(std::int64_t bytes) {
  if (bytes > limit_ || used_.load() > limit_ - bytes) {
    refusals_.fetch_add(1);
    return Status::CapacityError("to read it takes more than ", HumanBytes(static_cast<double>(limit_)), " at a time");
  }
  used_.fetch_add(bytes);
  total_.fetch_add(bytes);
  count_.fetch_add(1);
  return Status::OK();
}

Status LimitedMemoryPool::Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
  ARROW_RETURN_NOT_OK(Take(size));
  const Status status = backing_->Allocate(size, alignment, out);
  if (status.ok()) {
    holders_.fetch_add(1);
  } else {
    used_.fetch_sub(size);
  }
  return status;
}

Status LimitedMemoryPool::Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                                     std::uint8_t** ptr) {
  if (new_size > old_size) ARROW_RETURN_NOT_OK(Take(new_size - old_size));
  const Status status = backing_->Reallocate(old_size, new_size, alignment, ptr);
  if (status.ok() && new_size < old_size) used_.fetch_sub(old_size - new_size);
  if (!status.ok() && new_size > old_size) used_.fetch_sub(new_size - old_size);
  return status;
}

void LimitedMemoryPool::Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) {
  backing_->Free(buffer, size, alignment);
  used_.fetch_sub(size);
  Release();
}

}  // namespace pomona
