#include "pomona/pipeline/parquet_memory.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(LimitedMemoryPool, RefusesWhatGoesBeyondTheLimit) {
  const std::shared_ptr<LimitedMemoryPool> pool = LimitedMemoryPool::Make(1000);
  auto buffer = arrow::AllocateResizableBuffer(600, pool.get()).ValueOrDie();
  EXPECT_TRUE(arrow::AllocateBuffer(600, pool.get()).status().IsCapacityError());
  EXPECT_TRUE(buffer->Resize(2000).IsCapacityError());
  EXPECT_EQ(pool->refusals(), 2);
  buffer.reset();
  EXPECT_EQ(pool->bytes_allocated(), 0);
  EXPECT_TRUE(arrow::AllocateBuffer(960, pool.get()).ok());
}

TEST(LimitedMemoryPool, LivesAsLongAsItsBuffers) {
  std::shared_ptr<LimitedMemoryPool> pool = LimitedMemoryPool::Make(1000);
  const auto buffer = arrow::AllocateBuffer(100, pool.get()).ValueOrDie();
  pool.reset();
  buffer->mutable_data()[99] = 1;  // and the pool is still there when the buffer goes
  EXPECT_EQ(buffer->data()[99], 1);
}

}  // namespace
}  // namespace pomona
