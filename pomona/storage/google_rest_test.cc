#include "pomona/storage/google_rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/storage/retry.h"

namespace pomona {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(GoogleRest, UploadsNameObjectAndPrecondition) {
  arrow::fs::GcsOptions options = arrow::fs::GcsOptions::Anonymous();
  EXPECT_EQ(GoogleToken(options), "");
  options.scheme = "https";
  const HttpRequest any = GoogleUpload(options, "", "bucket/a/b c", false);
  EXPECT_EQ(any.url, "https://storage.googleapis.com/upload/storage/v1/b/bucket/o?uploadType=media&name=a%2Fb%20c");
  EXPECT_THAT(any.headers, Not(Contains(HasSubstr("Authorization"))));
  options.endpoint_override = "127.0.0.1:1";
  options.scheme = "http";
  const HttpRequest first = GoogleUpload(options, "token", "bucket/a", true);
  EXPECT_THAT(first.url, HasSubstr("http://127.0.0.1:1/upload/"));
  EXPECT_THAT(first.url, EndsWith("&ifGenerationMatch=0&name=a"));
  EXPECT_THAT(first.headers, Contains("Authorization: Bearer token"));
}

TEST(GoogleRest, OnlyAnAnswerThatNamesTheSizeIsASuccess) {
  HttpResponse response;
  response.status = 200;
  response.body = R"({"kind": "storage#object", "size": "12"})";
  EXPECT_TRUE(CheckGoogleUpload(response, 12).ok());
  EXPECT_TRUE(IsTransient(CheckGoogleUpload(response, 13)));
  response.body = "<Error><Code>InternalError</Code></Error>";
  EXPECT_TRUE(IsTransient(CheckGoogleUpload(response, 12)));
  response.body = "";
  EXPECT_TRUE(IsTransient(CheckGoogleUpload(response, 0)));
}

}  // namespace
}  // namespace pomona
