#include "pomona/storage/arrow_store.h"

#include <memory>
#include <stdexcept>
#include <string>

#include <arrow/filesystem/mockfs.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/failure.h"
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

TEST(ArrowStore, KeysInUrisAreRefused) {
  std::string path;
  const Status status = OpenArrowStore("abfs://container:hidden@account.dfs.core.windows.net/raw", {}, &path).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), Not(HasSubstr("hidden")));
  const std::string uri = "abfs://c@account.dfs.core.windows.net/raw?tenant_id=a&client_id=b&client_secret=hidden";
  const Status secret = OpenArrowStore(uri, {}, &path).status();
  EXPECT_TRUE(IsUsageError(secret));
  EXPECT_THAT(secret.message(), Not(HasSubstr("hidden")));
}

TEST(ArrowStore, ErrorsOfTheNetworkAreTriedAgainWhateverTheirType) {
  for (const Status& status :
       {Status::IOError("google::cloud::Status(UNAVAILABLE: Retry policy exhausted"),
        Status::Invalid("google::cloud::Status(INVALID_ARGUMENT: Permanent error, with a last message of expected "
                        "payload to be a JSON object, first 32 chars are <?xml"),
        Status::Invalid("json input is not an object, first 32 characters are: <discarded>"),
        Status::IOError("DownloadTo from 'http://x/y' at position 403 for 4404 bytes failed. Azure Error: "
                        "[TooManyRequests] 429 Too Many Requests"),
        Status::Invalid("Cannot read from closed file"), Status::Cancelled("Cannot read from closed file"),
        Status::UnknownError("St13runtime_error: Failed to parse xml.")}) {
    EXPECT_FALSE(ArrowErrorIsForGood(status)) << status.ToString();
  }
  for (const Status& status :
       {Status::IOError("google::cloud::Status(PERMISSION_DENIED: no"), Status::Invalid("no bucket's name"),
        Status::IOError("GetProperties failed. Azure Error: [BlobNotFound] 404 The specified blob does not exist."),
        Status::IOError("GetProperties failed. Azure Error: [] 403 Forbidden"), Status::Cancelled("by the user"),
        Status::OutOfMemory(""), Status::KeyError("gone"), ImageFailure(FailureCode::kChanged, "another size"),
        UsageError("closed file")}) {
    EXPECT_TRUE(ArrowErrorIsForGood(status)) << status.ToString();
  }
}

TEST(ArrowStore, ExceptionsOfTheClientsAreErrorsThatPass) {
  class Google : public arrow::fs::internal::MockFileSystem {
   public:
    Google() : MockFileSystem(arrow::fs::kNoTime) {}
    std::string type_name() const override { return "gcs"; }
  };
  const Location place{std::make_shared<Google>(), "bucket/x", "gs://bucket/x", nullptr};
  int calls = 0;
  EXPECT_TRUE(CallArrowStore(place, [&]() -> Status {
                if (++calls < 3) throw std::runtime_error("Failed to parse xml.");
                return Status::OK();
              }).ok());
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace pomona
