#include "pomona/storage/s3_listing.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

// What a listing gives is tested by the conformance tests; here, how it ends when the store cannot be reached.
TEST(S3Listing, AllThreadsEndWhenOneFails) {
  S3Settings settings;
  settings.scheme = "http";
  settings.endpoint = "127.0.0.1:1";
  settings.anonymous = true;
  settings.retry.attempts = 2;
  settings.retry.first_delay_s = 0.001;
  const S3Client client(settings);
  const auto visit = [](std::vector<S3Object>) -> Result<bool> { return true; };
  EXPECT_TRUE(IsStoreDown(ListS3(client, "bucket", "", {}, visit, nullptr)));
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_TRUE(ListS3(client, "bucket", "", {}, visit, &cancellation).IsCancelled());
}

}  // namespace
}  // namespace pomona
