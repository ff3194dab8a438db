#include "pomona/storage/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/hash.h"

namespace pomona {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

// The example "GET Object" of Amazon's "Authenticating Requests: Using the Authorization Header (AWS Signature V4)".
TEST(AwsSignature, SignsAsAmazonsExample) {
  SignableRequest request{"GET", "examplebucket.s3.amazonaws.com", "/test.txt",
                          {},    {{"range", "bytes=0-9"}},         Sha256("")};
  const AwsCredentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  const auto lines = SignAwsRequest(request, credentials, "us-east-1", 1369353600);
  EXPECT_THAT(lines, Contains("x-amz-date: 20130524T000000Z"));
  EXPECT_THAT(lines, Contains(HasSubstr("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")));
}

TEST(AwsSignature, SessionTokensAreSignedAndSent) {
  const SignableRequest request{"GET", "h", "/", {}, {}, Sha256("")};
  const auto lines = SignAwsRequest(request, {"A", "S", "TOKEN"}, "r", 0);
  EXPECT_THAT(lines, Contains("x-amz-security-token: TOKEN"));
  EXPECT_THAT(lines.back(), HasSubstr("x-amz-security-token, Signature"));
  EXPECT_THAT(lines.back(), StartsWith("authorization: AWS4-HMAC-SHA256 Credential=A/19700101/r/s3/aws4_request"));
}

TEST(AwsSignature, EncodesWhatAmazonWantsEncoded) {
  EXPECT_EQ(UriEncode("a b/k=v+\xC3\xA9~", true), "a%20b/k%3Dv%2B%C3%A9~");
  EXPECT_EQ(UriEncode("a/b", false), "a%2Fb");
  EXPECT_EQ(CanonicalQuery({{"prefix", "a/b"}, {"list-type", "2"}, {"uploads", ""}}),
            "list-type=2&prefix=a%2Fb&uploads=");
}

}  // namespace
}  // namespace pomona
