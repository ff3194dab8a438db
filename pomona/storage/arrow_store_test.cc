#include "pomona/storage/arrow_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ArrowStore, OptionsAndUrisNameTheSamePlaces) {
  StoreOptions options;
  options.anonymous = true;
  options.gs_endpoint = "http://127.0.0.1:1";
  options.abfs_account = "account";
  options.abfs_endpoint = "http://127.0.0.1:1";
  std::string path;
  EXPECT_EQ(OpenArrowStore("gs://bucket/raw", options, &path).ValueOrDie()->type_name(), "gcs");
  EXPECT_EQ(path, "bucket/raw");
  EXPECT_EQ(OpenArrowStore("abfs://container/raw", options, &path).ValueOrDie()->type_name(), "abfs");
  EXPECT_EQ(path, "container/raw");
  EXPECT_EQ(
      OpenArrowStore("abfs://container@account.dfs.core.windows.net/raw", options, &path).ValueOrDie()->type_name(),
      "abfs");
  EXPECT_EQ(path, "container/raw");
}

TEST(ArrowStore, HadoopThatIsNotFoundIsNamedWithWhatToSet) {
  std::string path;
  const Status status = OpenArrowStore("hdfs://127.0.0.1:1/raw", {}, &path).status();
  ASSERT_TRUE(status.IsIOError()) << status.ToString();
  for (const char* name : {"JAVA_HOME", "libhdfs.so", "`hadoop classpath --glob`", "spark.executorEnv"}) {
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
  EXPECT_THAT(status.message(), Not(HasSubstr("dlopen")));
}

TEST(ArrowStore, KeysInUrisAreRefused) {
  std::string path;
  const Status status = OpenArrowStore("abfs://container:hidden@account.dfs.core.windows.net/raw", {}, &path).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace pomona
