#include "pomona/storage/azure_rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// That signatures are right is shown by the conformance tests against a server that checks them.
TEST(AzureRest, NamesBlobAndPrecondition) {
  arrow::fs::AzureOptions options;
  options.account_name = "account";
  ASSERT_TRUE(options.ConfigureAccountKeyCredential("c2VjcmV0").ok());
  EXPECT_TRUE(CanSignAzure(options));
  const HttpRequest put = AzureRequest(options, AzureCall::kPutIfAbsent, "container/a b", 3);
  EXPECT_EQ(put.url, "https://account.blob.core.windows.net/container/a%20b");
  EXPECT_THAT(put.headers, Contains("If-None-Match: *"));
  EXPECT_THAT(put.headers, Contains(HasSubstr("Authorization: SharedKey account:")));
  EXPECT_THAT(put.headers, Not(Contains(HasSubstr("c2VjcmV0"))));
  const HttpRequest replace = AzureRequest(options, AzureCall::kPut, "container/a b", 3);
  EXPECT_EQ(replace.method, "PUT");
  EXPECT_THAT(replace.headers, Not(Contains("If-None-Match: *")));
  const HttpRequest remove = AzureRequest(options, AzureCall::kDelete, "container/a b", 0);
  EXPECT_EQ(remove.method, "DELETE");
  EXPECT_THAT(remove.headers, Not(Contains("If-None-Match: *")));
}

TEST(AzureRest, SasTokensGoIntoTheQuery) {
  arrow::fs::AzureOptions options;
  options.account_name = "account";
  ASSERT_TRUE(options.ConfigureSASCredential("sv=1&sig=x").ok());
  EXPECT_THAT(AzureRequest(options, AzureCall::kDelete, "container/a", 0).url, HasSubstr("/container/a?sv=1&sig=x"));
  EXPECT_FALSE(CanSignAzure(arrow::fs::AzureOptions()));
}

}  // namespace
}  // namespace pomona
