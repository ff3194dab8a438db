#include "pomona/storage/store_options.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(StoreOptions, TakesWhatTheEnvironmentSays) {
  Environment environment;
  environment.s3_endpoint = "http://127.0.0.1:9000";
  environment.s3_region = "gra";
  environment.store_ca_file = "/ca.pem";
  environment.abfs_account = "account";
  const StoreOptions options = StoreOptions::From(environment);
  EXPECT_EQ(options.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(options.region, "gra");
  EXPECT_EQ(options.ca_file, "/ca.pem");
  EXPECT_EQ(options.abfs_account, "account");
  EXPECT_FALSE(options.anonymous);
}

TEST(StoreOptions, AreThoseSetLast) {
  const StoreOptions before = CurrentStoreOptions();
  StoreOptions options = before;
  options.region = "somewhere";
  SetStoreOptions(options);
  EXPECT_EQ(CurrentStoreOptions().region, "somewhere");
  SetStoreOptions(before);
}

}  // namespace
}  // namespace pomona
