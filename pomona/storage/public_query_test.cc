#include "pomona/storage/public_query.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(PublicQuery, KeepsWhatIsKnownToBeNoSecret) {
  EXPECT_EQ(PublicQuery("abfs://account@127.0.0.1:10000/photos/raw?enable_tls=false"), "?enable_tls=false");
  EXPECT_EQ(PublicQuery("s3://bucket/raw?region=gra&endpoint_override=127.0.0.1:9&scheme=http"),
            "?region=gra&endpoint_override=127.0.0.1:9&scheme=http");
  EXPECT_EQ(PublicQuery("abfs://account@host/photos?sig=secret&enable_tls=false&client_secret=x&"),
            "?enable_tls=false");
  EXPECT_EQ(PublicQuery("s3://bucket/raw?secret_key=x"), "");
  EXPECT_EQ(PublicQuery("s3://bucket/raw"), "");
  EXPECT_EQ(PublicQuery("/a/b?region=x"), "");
}

}  // namespace
}  // namespace pomona
