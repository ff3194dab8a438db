#include "pomona/storage/s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::HasSubstr;

S3Settings Nowhere() {
  S3Settings settings;
  settings.scheme = "http";
  settings.endpoint = "127.0.0.1:1";  // nobody listens there
  settings.anonymous = true;
  settings.virtual_hosts = false;
  settings.retry.attempts = 3;
  settings.retry.first_delay_s = 0.001;
  return settings;
}

TEST(S3Client, AStoreThatDoesNotAnswerIsDown) {
  const S3Client client(Nowhere());
  ByteBuffer bytes;
  const Status status = client.Get("bucket", "key", "", std::nullopt, &bytes).status();
  EXPECT_TRUE(IsStoreDown(status)) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("http://127.0.0.1:1"));
  EXPECT_EQ(client.retries(), 2);
  EXPECT_EQ(client.requests().get, 3);
  EXPECT_EQ(client.requests().list, 1);  // the question whether anybody is there
}

TEST(S3Client, SaysWhereCredentialsWereLookedFor) {
  S3Settings settings = Nowhere();
  settings.anonymous = false;
  settings.credentials = [] { return Status::IOError("no S3 credentials found; looked in ..."); };
  const Status status = S3Client(settings).Put("bucket", "key", "bytes");
  EXPECT_FALSE(IsStoreDown(status));
  EXPECT_THAT(status.message(), HasSubstr("looked in"));
}

}  // namespace
}  // namespace pomona
