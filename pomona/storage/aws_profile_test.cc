#include "pomona/storage/aws_profile.h"

#include <sstream>

#include <gtest/gtest.h>

namespace pomona {
namespace {

AwsProfile Read(const std::string& name) {
  std::istringstream file(R"(
# of the company
region = eu-nowhere-1
[default]
region=eu-central-1
s3 =
  endpoint_url = https://of-something-else.example

[profile  minio]
region = us-east-1   # whatever
endpoint_url = http://127.0.0.1:9000
ca_bundle=/etc/ssl/company.pem

[profile apart]
services = local
endpoint_url = http://127.0.0.1:1
no equals sign here

[services local]
dynamodb =
  endpoint_url = http://127.0.0.1:2
s3 =
  max_concurrent_requests = 3
  endpoint_url = http://127.0.0.1:3
)");
  return ReadAwsProfile(file, name);
}

TEST(AwsProfile, SaysWhereTheServiceIs) {
  const AwsProfile profile = Read("minio");
  EXPECT_EQ(profile.region, "us-east-1");
  EXPECT_EQ(profile.endpoint_url, "http://127.0.0.1:9000");
  EXPECT_EQ(profile.ca_bundle, "/etc/ssl/company.pem");
}

TEST(AwsProfile, TheDefaultOneHasNoWordBeforeItsName) {
  EXPECT_EQ(Read("default").region, "eu-central-1");
  EXPECT_EQ(Read("default").endpoint_url, "");
}

TEST(AwsProfile, TheEndpointOfTheServiceWins) { EXPECT_EQ(Read("apart").endpoint_url, "http://127.0.0.1:3"); }

TEST(AwsProfile, WhatIsNotThereSaysNothing) {
  EXPECT_EQ(Read("other").region, "");
  EXPECT_EQ(ReadAwsProfile(std::filesystem::path("/nowhere/config"), "default").region, "");
}

}  // namespace
}  // namespace pomona
