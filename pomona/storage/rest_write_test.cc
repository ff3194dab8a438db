#include "pomona/storage/rest_write.h"

#include <arrow/filesystem/mockfs.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

// What stores answer is in the conformance tests, what goes wrong on the way in tests/test_store_faults.py.
TEST(RestWrite, IsForGoogleAndAzureAlone) {
  auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::kNoTime);
  const Location place{store, "bucket/record", "mock://bucket/record", nullptr};
  EXPECT_FALSE(CanWriteByRest(place));
  EXPECT_EQ(WriteByRest(place, "bytes", false).ValueOrDie(), std::nullopt);
}

}  // namespace
}  // namespace pomona
