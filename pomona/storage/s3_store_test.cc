#include "pomona/storage/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

using testing::HasSubstr;

constexpr const char* kHere = "?endpoint_override=127.0.0.1:1&scheme=http&region=here&anonymous=true";

TEST(S3Store, SplitsBucketAndKey) {
  EXPECT_EQ(SplitS3Path("bucket/a/b").bucket, "bucket");
  EXPECT_EQ(SplitS3Path("bucket/a/b").key, "a/b");
  EXPECT_EQ(SplitS3Path("bucket").key, "");
}

TEST(S3Store, TheUriWinsOverTheOptions) {
  StoreOptions options;
  options.endpoint = "https://elsewhere:9000";
  options.region = "there";
  const S3Place place = OpenS3(std::string("s3://bucket/a%20b+c") + kHere, options).ValueOrDie();
  EXPECT_EQ(place.path, "bucket/a b+c");
  EXPECT_EQ(place.client->ServiceName(), "http://127.0.0.1:1");
  EXPECT_EQ(place.client->settings().region, "here");
  EXPECT_TRUE(place.client->settings().anonymous);
  EXPECT_FALSE(place.client->settings().virtual_hosts);
  const S3Place other = OpenS3("s3://bucket/x?anonymous=true&path_style=false", options).ValueOrDie();
  EXPECT_EQ(other.client->ServiceName(), "https://elsewhere:9000");
  EXPECT_EQ(other.client->settings().region, "there");
  EXPECT_TRUE(other.client->settings().virtual_hosts);
}

TEST(S3Store, UrisOfOneServiceShareAClient) {
  const S3Place one = OpenS3(std::string("s3://bucket/a") + kHere, {}).ValueOrDie();
  const S3Place other = OpenS3(std::string("s3://other/b/c") + kHere, {}).ValueOrDie();
  EXPECT_EQ(one.client, other.client);
  EXPECT_EQ(other.path, "other/b/c");
}

TEST(S3Store, KeysInUrisAreRefused) {
  EXPECT_TRUE(IsUsageError(OpenS3("s3://KEY:secret@bucket/a", {}).status()));
  const Status status = OpenS3("s3://bucket/a?secret_key=hidden", {}).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), testing::Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace pomona
