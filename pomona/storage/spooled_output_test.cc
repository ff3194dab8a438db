#include "pomona/storage/spooled_output.h"

#include <string>

#include <arrow/filesystem/mockfs.h>
#include <gtest/gtest.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

TEST(SpooledOutput, NothingIsThereBeforeItIsClosed) {
  auto store = std::make_shared<arrow::fs::internal::MockFileSystem>(arrow::fs::kNoTime);
  ASSERT_TRUE(store->CreateDir("bucket").ok());
  const Location place{store, "bucket/file", "mock://bucket/file", nullptr};
  for (const std::size_t size : {std::size_t{3}, std::size_t{20'000'000}}) {
    const std::string bytes(size, 'x');
    {
      const auto aborted = CreateSpooledFile(place).ValueOrDie();
      ASSERT_TRUE(aborted->Write(bytes.data(), static_cast<std::int64_t>(size)).ok());
    }
    EXPECT_EQ(KindOfPlace(place).ValueOrDie(), PlaceKind::kMissing);
    const auto output = CreateSpooledFile(place).ValueOrDie();
    ASSERT_TRUE(output->Write(bytes.data(), static_cast<std::int64_t>(size)).ok());
    EXPECT_EQ(KindOfPlace(place).ValueOrDie(), PlaceKind::kMissing);
    ASSERT_TRUE(output->Close().ok());
    EXPECT_TRUE(ReadText(place).ValueOrDie() == bytes);
    ASSERT_TRUE(RemoveFile(place).ok());
  }
}

}  // namespace
}  // namespace pomona
