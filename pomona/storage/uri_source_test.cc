#include "pomona/storage/uri_source.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

class UriSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    StoreOptions options;
    options.abfs_account = "Mine";
    options.hadoop_hosts = {"namenode:8020"};
    SetStoreOptions(options);
  }
  void TearDown() override { SetStoreOptions({}); }

  static bool MaySay(const UriSource& source, const std::string& uri) {
    const Status status = source.Check(uri);
    if (!status.ok()) {
      EXPECT_TRUE(IsUsageError(status)) << status;
    }
    EXPECT_EQ(status.message().find("SECRET"), std::string::npos) << status;
    return status.ok();
  }

  const UriSource data_ = UriSource::Data({});
};

TEST_F(UriSourceTest, TheUserMaySayEverything) {
  EXPECT_TRUE(MaySay({}, "abfs://account@host:1/container/a.jpg?enable_tls=false"));
  EXPECT_TRUE(MaySay({}, "s3://bucket/a.jpg?endpoint_override=host:1&scheme=http"));
}

TEST_F(UriSourceTest, DataNamesABucketAndAKey) {
  for (const char* uri :
       {"a/b.jpg", "/a/b.jpg", "file:///a/b.jpg", "file:/a/b.jpg", "s3://bucket/a b.jpg", "S3A://other-bucket/a.jpg",
        "gs://bucket/a***.jpg", "gcs://anonymous@bucket/a.jpg", "az://container/a.jpg", "abfs://container/a.jpg",
        "abfs://mine@container/a.jpg", "abfs://container@mine.dfs.core.windows.net/a.jpg",
        "abfss://container@MINE.dfs.core.windows.net/a.jpg", "abfs://mine.blob.core.windows.net/container/a.jpg",
        "hdfs:///a.jpg", "hdfs://namenode:8020/a.jpg", "viewfs:///a.jpg"}) {
    EXPECT_TRUE(MaySay(data_, uri)) << uri;
  }
}

TEST_F(UriSourceTest, DataNamesNoHostAccountQueryUserOrKey) {
  for (const char* uri : {"s3://bucket/a.jpg?endpoint_override=host:1",
                          "s3://bucket/a.jpg?x",
                          "s3://AK:SECRET@bucket/a.jpg",
                          "s3://AK@bucket/a.jpg",
                          "s3:///bucket/a.jpg",
                          "s3://host:80#/a.jpg",
                          "s3://host%3A80%23/a.jpg",
                          "gs://bucket/a.jpg?scheme=http",
                          "gs://x:SECRET@bucket/a.jpg",
                          "abfs://account@host:1/container/a.jpg",
                          "abfs://account@host:1/container/a.jpg?enable_tls=false",
                          "abfs://host.example/container/a.jpg",
                          "abfs://container@other.dfs.core.windows.net/a.jpg",
                          "abfs://other@container/a.jpg",
                          "abfs://host%2F@container/a.jpg",
                          "abfs://other.blob.core.windows.net/container/a.jpg",
                          "abfs://container:SECRET@mine.dfs.core.windows.net/a.jpg",
                          "az://c/a.jpg?sig=SECRET",
                          "abfs://container@mine.dfs.core.windows.net.host.example/a.jpg",
                          "abfs://container@mine.dfs.core.windows.net:1/a.jpg",
                          "hdfs://other:8020/a.jpg",
                          "hdfs://namenode/a.jpg",
                          "hdfs://root@namenode:8020/a.jpg",
                          "viewfs://other/a.jpg",
                          "file://host/a.jpg",
                          "https://h/a.jpg?X-Amz-Signature=SECRET",
                          "https://u:SECRET@h/a.jpg"}) {
    EXPECT_FALSE(MaySay(data_, uri)) << uri;
  }
}

TEST_F(UriSourceTest, HostsThatTheUserNamedOrAllowsMayBeNamed) {
  const UriSource allowed = UriSource::Data({"Host.example:1", "other.blob.core.windows.net", "nn2:8020"});
  EXPECT_TRUE(MaySay(allowed, "abfs://account@host.example:1/container/a.jpg"));
  EXPECT_TRUE(MaySay(allowed, "abfs://container@other.dfs.core.windows.net/a.jpg"));
  EXPECT_TRUE(MaySay(allowed, "abfs://other@container/a.jpg"));
  EXPECT_TRUE(MaySay(allowed, "hdfs://nn2:8020/a.jpg"));
  EXPECT_FALSE(MaySay(allowed, "abfs://account@host.example:2/container/a.jpg"));
  EXPECT_FALSE(MaySay(allowed, "abfs://account@host.example:1/container/a.jpg?enable_tls=false"));

  Location input;
  input.display = "abfs://container@third.dfs.core.windows.net/photos/list.csv";
  const UriSource beside = UriSource::Data({}).With(input);
  EXPECT_TRUE(MaySay(beside, "abfs://other-container@third.dfs.core.windows.net/a.jpg"));
  EXPECT_FALSE(MaySay(beside, "abfs://container@fourth.dfs.core.windows.net/a.jpg"));
  input.display = "photos/list.csv";
  EXPECT_FALSE(MaySay(UriSource::Data({}).With(input), "hdfs://photos/a.jpg"));
}

TEST_F(UriSourceTest, WhatIsRefusedIsNotOpened) {
  const auto place = data_.Locate("s3://bucket/a.jpg?endpoint_override=127.0.0.1:1");
  EXPECT_TRUE(IsUsageError(place.status()));
  EXPECT_TRUE(data_.Locate("/a/b.jpg").ok());
}

}  // namespace
}  // namespace pomona
