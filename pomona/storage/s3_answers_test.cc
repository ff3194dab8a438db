#include "pomona/storage/s3_answers.h"

#include <gtest/gtest.h>

#include "pomona/storage/retry.h"

namespace pomona {
namespace {

TEST(S3Answers, ReadsAPageOfKeys) {
  S3Page page;
  ASSERT_TRUE(ReadPage("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><IsTruncated>true</IsTruncated>"
                       "<Contents><Key>raw/a%0Ab+c%2B.jpg</Key><LastModified>2026-11-22T21:00:00.5Z</LastModified>"
                       "<ETag>&#34;abc&#34;</ETag><Size>12</Size></Contents>"
                       "<CommonPrefixes><Prefix>raw/Kiwi/</Prefix></CommonPrefixes>"
                       "<NextContinuationToken>t&amp;1</NextContinuationToken></ListBucketResult>",
                       &page)
                  .ok());
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0].key, "raw/a\nb c+.jpg");
  EXPECT_EQ(page.objects[0].size, 12);
  EXPECT_EQ(page.objects[0].etag, "abc");
  EXPECT_EQ(page.objects[0].mtime_ns, 1'795'381'200'500'000'000);
  EXPECT_EQ(page.prefixes, std::vector<std::string>{"raw/Kiwi/"});
  EXPECT_EQ(page.next, "t&1");
}

TEST(S3Answers, AnErrorUnderA200IsTriedAgain) {
  S3Page page;
  EXPECT_TRUE(IsTransient(ReadPage("<Error><Code>InternalError</Code></Error>", &page)));
  HttpResponse response;
  response.status = 200;
  EXPECT_TRUE(IsTransient(CheckWritten(response)));
  response.headers["etag"] = "\"x\"";
  EXPECT_TRUE(CheckWritten(response).ok());
  response.body = "<Error><Code>InternalError</Code></Error>";
  EXPECT_TRUE(IsTransient(CheckWritten(response)));
}

TEST(S3Answers, TellsPassingTroubleFromErrors) {
  EXPECT_TRUE(IsTransientAnswer(503, "SlowDown"));
  EXPECT_TRUE(IsTransientAnswer(429, ""));
  EXPECT_TRUE(IsTransientAnswer(409, "ConditionalRequestConflict"));
  EXPECT_FALSE(IsTransientAnswer(403, "AccessDenied"));
  EXPECT_FALSE(IsTransientAnswer(404, "NoSuchKey"));
  EXPECT_NE(ReasonOf("SignatureDoesNotMatch"), "");
  EXPECT_EQ(ReasonOf("AccessDenied"), "");
}

TEST(S3Answers, ReadsBothKindsOfTime) {
  EXPECT_EQ(ParseHttpTime("Sun, 22 Nov 2026 21:00:00 GMT"), 1'795'381'200'000'000'000);
  EXPECT_EQ(ParseHttpTime("2026-11-22T21:00:00Z"), 1'795'381'200'000'000'000);
  EXPECT_EQ(ParseHttpTime("yesterday"), 0);
  EXPECT_EQ(AmazonHost("eu-west-3"), "s3.eu-west-3.amazonaws.com");
  EXPECT_EQ(AmazonHost("cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace pomona
