#include "pomona/storage/uri.h"

#include <string>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(PublicUriTest, LeavesWhatHoldsNoSecret) {
  for (const char* text : {"", "a/b.jpg", "/a/b?c=d.jpg", "s3://bucket/a b#1.jpg", "gs://anonymous@bucket/a.jpg",
                           "abfs://container@account.dfs.core.windows.net/a.jpg", "hdfs://user@namenode:8020/a.jpg",
                           "https://host:8443/a@b.jpg", "file:///a/b.jpg", "a@b:c/d.jpg"}) {
    EXPECT_EQ(PublicUri(text), text);
  }
}

TEST(PublicUriTest, HidesUsersPasswordsQueriesAndFragments) {
  EXPECT_EQ(PublicUri("s3://AK:SECRET@bucket/a.jpg"), "s3://***@bucket/a.jpg");
  EXPECT_EQ(PublicUri("https://u:SECRET@h/c.jpg"), "https://***@h/c.jpg");
  EXPECT_EQ(PublicUri("https://TOKEN@h/c.jpg"), "https://***@h/c.jpg");
  EXPECT_EQ(PublicUri("https://u:SEC/RET@h/c.jpg"), "https://***@h/c.jpg");
  EXPECT_EQ(PublicUri("https://u:SEC@RET@h/c.jpg"), "https://***@h/c.jpg");
  EXPECT_EQ(PublicUri("https://h/a.jpg?X-Amz-Signature=SECRET&SECRET;b=SECRET"),
            "https://h/a.jpg?X-Amz-Signature=***&***&b=***");
  EXPECT_EQ(PublicUri("https://h/a.jpg#access_token=SECRET"), "https://h/a.jpg#***");
  EXPECT_EQ(PublicUri("abfs://container:SECRET@account.dfs.core.windows.net/a"),
            "abfs://container:***@account.dfs.core.windows.net/a");
  EXPECT_EQ(PublicUri("odd scheme://u:SECRET@h/a\xFF"), "odd scheme://***@h/a%FF");
  EXPECT_EQ(PublicUri("abfs://c@a.dfs.core.windows.net/a.jpg?sv=1&sig=SECRET"),
            "abfs://c@a.dfs.core.windows.net/a.jpg?sv=***&sig=***");
  EXPECT_EQ(PublicUri("https://h/?"), "https://h/?");
}

TEST(PublicMessageTest, HidesWhatUrisInItHold) {
  EXPECT_EQ(PublicMessage("Get of 'https://a.blob.core.windows.net/c?sig=SECRET&sv=1' failed: no\thost, see a?b=c"),
            "Get of 'https://a.blob.core.windows.net/c?sig=***&sv=***' failed: no\thost, see a?b=c");
  EXPECT_EQ(PublicMessage("https://u:SECRET@h/"), "https://***@h/");
  EXPECT_EQ(PublicMessage(""), "");
}

TEST(SplitUriTest, FindsTheParts) {
  const UriParts parts = SplitUri("ABFS://container:key@host:1/a/b/?x=y", SchemeOf("ABFS://container"));
  EXPECT_EQ(parts.scheme, "abfs");
  EXPECT_EQ(parts.user_info(), "container:key");
  EXPECT_EQ(parts.host(), "host:1");
  EXPECT_EQ(parts.path, "/a/b");
  EXPECT_EQ(parts.query, "?x=y");
}

}  // namespace
}  // namespace pomona
