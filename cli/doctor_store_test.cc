#include "cli/doctor_store.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/storage/store_options.h"

namespace pomona::cli {
namespace {

/// Arrow wants its stores ended before the process is; the program does the same in main.
class EndStores : public testing::Environment {
 public:
  void TearDown() override { FinishStores(); }
};
const testing::Environment* const kEndStores = testing::AddGlobalTestEnvironment(new EndStores);

TEST(DoctorStore, NamesWhereCredentialsAreLookedForAndNoValue) {
  Environment environment;
  environment.credential_variables = {{"AWS_ACCESS_KEY_ID", true}, {"AWS_PROFILE", false}, {"AZURE_STORAGE_KEY", true}};
  environment.aws_credentials_file = "/nonexistent/.aws/credentials";
  const Location place =
      Location::Parse("s3://b/x?endpoint_override=127.0.0.1:1&scheme=http&region=r&anonymous=true").ValueOrDie();
  const auto lines = PlacesOfCredentials(place, environment);
  EXPECT_THAT(lines, testing::Contains("$AWS_ACCESS_KEY_ID: is set"));
  EXPECT_THAT(lines, testing::Contains("$AWS_PROFILE: is not set"));
  EXPECT_THAT(lines, testing::Contains("/nonexistent/.aws/credentials: is not there"));
  EXPECT_THAT(lines, testing::Not(testing::Contains(testing::HasSubstr("AZURE"))));
  EXPECT_TRUE(PlacesOfCredentials(Location::Parse("/tmp").ValueOrDie(), environment).empty());
}

TEST(DoctorStore, SaysThatAFolderIsNotThereAndDoesNotMakeIt) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "pomona-doctor-nothere";
  std::filesystem::remove_all(folder);
  testing::internal::CaptureStdout();
  const Result<int> code = DoctorOfStore(folder.string(), CommandContext());
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_EQ(*code, kExitFailed);
  EXPECT_THAT(said, testing::HasSubstr("is not there"));
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("works")));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace pomona::cli
