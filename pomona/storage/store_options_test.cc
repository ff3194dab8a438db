#include "pomona/storage/store_options.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

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

TEST(StoreOptions, TakesFromTheProfileWhatNoVariableSays) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "pomona-aws-config";
  std::ofstream(file) << "[profile photos]\nregion = gra\nendpoint_url = http://127.0.0.1:9000\nca_bundle = /ca.pem\n";
  Environment environment;
  environment.aws_config_file = file;
  environment.aws_profile = "photos";
  environment.s3_region = "us-east-1";
  const StoreOptions options = StoreOptions::From(environment);
  EXPECT_EQ(options.endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(options.region, "us-east-1");
  EXPECT_EQ(options.ca_file, "/ca.pem");
  std::filesystem::remove(file);
}

TEST(StoreOptions, TakesAzuresConnectionStringApart) {
  Environment environment;
  environment.abfs_connection =
      "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5==;"
      "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";
  const StoreOptions emulator = StoreOptions::From(environment);
  EXPECT_EQ(emulator.abfs_account, "devstoreaccount1");
  EXPECT_EQ(emulator.abfs_key, "a2V5==");
  EXPECT_EQ(emulator.abfs_endpoint, "http://127.0.0.1:10000");
  environment.abfs_connection = "BlobEndpoint=https://photos.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x";
  environment.abfs_account = "photos";
  const StoreOptions azure = StoreOptions::From(environment);
  EXPECT_EQ(azure.abfs_sas_token, "sv=1&sig=x");
  EXPECT_EQ(azure.abfs_endpoint, "");
}

TEST(StoreOptions, AreThoseSetLast) {
  StoreOptions options = CurrentStoreOptions();
  const std::string before = std::exchange(options.region, "somewhere");
  SetStoreOptions(options);
  EXPECT_EQ(CurrentStoreOptions().region, "somewhere");
  options.region = before;
  SetStoreOptions(options);
}

}  // namespace
}  // namespace pomona
