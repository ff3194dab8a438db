#include "pomona/storage/access_check.h"

#include <filesystem>
#include <memory>
#include <string>

#include <arrow/filesystem/mockfs.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/base/usage_error.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

Location Parsed(const std::string& text) { return Location::Parse(text).ValueOrDie(); }

TEST(AccessCheck, TriesEverythingAndLeavesNothing) {
  const fs::path folder = fs::path(testing::TempDir()) / ("pomona-access-" + std::to_string(getpid()));
  fs::create_directories(folder);
  const Location place = Parsed(folder.string());
  for (const bool empty : {true, false}) {
    if (!empty) {
      ASSERT_TRUE(WriteAtomically(place.Child("1.jpg"), "x").ok());
    }
    const std::vector<AccessStep> steps = CheckAccess(place);
    EXPECT_EQ(steps.size(), 5U);
    for (const AccessStep& step : steps) EXPECT_TRUE(step.status.ok()) << step.name << ": " << step.status.ToString();
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
  fs::remove_all(folder);
}

TEST(AccessCheck, SaysWhatStaysWhereNothingMayBeDeleted) {
  class Keeper : public arrow::fs::internal::MockFileSystem {
   public:
    Keeper() : MockFileSystem(arrow::fs::kNoTime) {}
    Status DeleteFile(const std::string&) override { return Status::IOError("not allowed"); }
  };
  const Location place{std::make_shared<Keeper>(), "bucket/x", "mock://bucket/x", nullptr};
  ASSERT_TRUE(place.filesystem->CreateDir("bucket/x").ok());
  const AccessStep last = CheckAccess(place).back();
  EXPECT_EQ(last.name, "delete");
  const std::string own = "mock://bucket/x/.pomona-doctor-" + std::to_string(getpid());
  EXPECT_THAT(last.status.message(), HasSubstr("not allowed"));
  EXPECT_THAT(last.status.message(), HasSubstr("stays there, to be removed: " + own + " and " + own + ".record"));
}

TEST(AccessCheck, SaysWhatCannotBeWritten) {
  const std::vector<AccessStep> steps = CheckAccess(Parsed("/proc/pomona"));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps.back().name, "write");
  EXPECT_FALSE(steps.back().status.ok());
}

TEST(AccessCheck, ThePolicyAllowsNoMoreThanIsNeeded) {
  const std::string query = "?endpoint_override=127.0.0.1:1&scheme=http&region=r&anonymous=true";
  const Json policy = LeastPolicy({Parsed("s3://b/raw" + query)}, Parsed("s3://b/results" + query)).ValueOrDie();
  const std::string text = policy.dump();
  EXPECT_THAT(text, HasSubstr(R"("s3:prefix":["raw/*","results/*"])"));
  EXPECT_THAT(text, HasSubstr(R"("Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:PutObject"],)"
                              R"("Resource":["arn:aws:s3:::b/results/*"])"));
  EXPECT_THAT(text, Not(HasSubstr("s3:*")));
  EXPECT_TRUE(IsUsageError(LeastPolicy({}, Parsed("/tmp/x")).status()));
}

}  // namespace
}  // namespace pomona
