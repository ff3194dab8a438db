#include "pomona/storage/exclusive_write.h"

#include <arrow/filesystem/mockfs.h>
#include <gtest/gtest.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

// Stores that can do better are in the conformance tests.
TEST(ExclusiveWrite, ReadsBackWhereTheStorePromisesNothing) {
  auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::kNoTime);
  const Location place{store, "bucket/record", "mock://bucket/record", nullptr};
  EXPECT_EQ(ExclusiveGuaranteeOf(place), ExclusiveGuarantee::kReadBack);
  EXPECT_TRUE(WriteExclusivelyToStore(place, "first").ValueOrDie());
  EXPECT_FALSE(WriteExclusivelyToStore(place, "second").ValueOrDie());
  EXPECT_EQ(ReadText(place).ValueOrDie(), "first");
}

}  // namespace
}  // namespace pomona
