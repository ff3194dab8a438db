#include "pomona/storage/location.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Arrow wants its stores ended before the process is; the program does the same in main.
class FinalizeStores : public testing::Environment {
 public:
  void TearDown() override { FinishStores(); }
};
const testing::Environment* const kFinalizeStores = testing::AddGlobalTestEnvironment(new FinalizeStores);

std::string Here() { return fs::current_path().native(); }

Location Parsed(std::string_view text) {
  Result<Location> location = Location::Parse(text);
  EXPECT_TRUE(location.ok()) << text << ": " << location.status().ToString();
  return location.ok() ? *location : Location{};
}

TEST(Location, LocalPathsAreBytes) {
  struct Case {
    std::string typed, path, display;
  };
  const Case cases[] = {
      {"data", Here() + "/data", "data"},
      {"./data", Here() + "/data", "data"},
      {"data//", Here() + "/data", "data"},
      {"a/./b/", Here() + "/a/b", "a/b"},
      {"../data", Here() + "/../data", "../data"},
      {".", Here(), ""},
      {"./", Here(), ""},
      {"/", "/", "/"},
      {"/tmp//x/", "/tmp/x", "/tmp/x"},
      {"100%25 a=b,c#d?e", Here() + "/100%25 a=b,c#d?e", "100%25 a=b,c#d?e"},
      {"a:b/c", Here() + "/a:b/c", "a:b/c"},
      {"s3:x", Here() + "/s3:x", "s3:x"},
      {"caf\xC3\xA9", Here() + "/caf\xC3\xA9", "caf\xC3\xA9"},
      {"caf\xE9", Here() + "/caf\xE9", "caf%E9"},
      {"a\nb", Here() + "/a\nb", "a\nb"},
  };
  for (const Case& c : cases) {
    const Location location = Parsed(c.typed);
    EXPECT_EQ(location.path, c.path) << c.typed;
    EXPECT_EQ(location.display, c.display) << c.typed;
    EXPECT_TRUE(location.is_local()) << c.typed;
  }
}

TEST(Location, FileUrisAreDecoded) {
  for (const std::string_view text : {"file:///tmp/a%20b%25", "file:/tmp/a b%25/", "FILE:///tmp/a b%"}) {
    const Location location = Parsed(text);
    EXPECT_EQ(location.path, "/tmp/a b%") << text;
    EXPECT_TRUE(location.is_local());
  }
  EXPECT_EQ(Parsed("file:///").path, "/");
  EXPECT_EQ(Parsed("file:///tmp/caf\xC3\xA9#1").path, "/tmp/caf\xC3\xA9#1");
}

TEST(Location, ChildrenKeepTheFormTheUserTyped) {
  EXPECT_EQ(Parsed("./data/").Child("Kiwi/1.jpg").display, "data/Kiwi/1.jpg");
  EXPECT_EQ(Parsed(".").Child("Kiwi/1.jpg").display, "Kiwi/1.jpg");
  EXPECT_EQ(Parsed("/").Child("Kiwi/1.jpg").path, "/Kiwi/1.jpg");
  const Location odd = Parsed("data").Child("100%/\xFF.jpg");
  EXPECT_EQ(odd.path, Here() + "/data/100%/\xFF.jpg");
  EXPECT_EQ(odd.display, "data/100%/%FF.jpg");

  // What a URI shows reads back to the same place.
  const Location child = Parsed("file:///tmp/x").Child("50% a?b#\xC3\xA9\n.jpg");
  EXPECT_EQ(child.display, "file:///tmp/x/50%25 a%3Fb#\xC3\xA9%0A.jpg");
  EXPECT_EQ(child.path, "/tmp/x/50% a?b#\xC3\xA9\n.jpg");
  EXPECT_EQ(Parsed(child.display + "/").path, "/tmp/x/50% a?b#\xC3\xA9\n.jpg");
}

TEST(Location, ParentAndName) {
  const Location file = Parsed("data/Kiwi/1.jpg");
  EXPECT_EQ(file.name(), "1.jpg");
  EXPECT_EQ(file.Parent().display, "data/Kiwi");
  EXPECT_EQ(file.Parent().path, Here() + "/data/Kiwi");
  EXPECT_EQ(Parsed("/x").Parent().path, "/");
  EXPECT_EQ(Parsed("x").Parent().display, "");
}

TEST(Location, UnknownSchemeNamesTheKnownOnes) {
  const Status status = Location::Parse("https://example.com/photos").status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("https://"), HasSubstr("s3://"), HasSubstr("gs://"), HasSubstr("hdfs://")));
  EXPECT_TRUE(IsUsageError(Location::Parse("").status()));
  EXPECT_TRUE(IsUsageError(Location::Parse(std::string_view("a\0b", 3)).status()));
}

TEST(Location, ObjectStoreUrisHideSecretsAndOptions) {
  const Location bucket = Parsed("s3://bucket/raw/a%20b/?endpoint_override=http%3A%2F%2F127.0.0.1%3A1&region=eu");
  EXPECT_EQ(bucket.path, "bucket/raw/a b");
  EXPECT_EQ(bucket.display, "s3://bucket/raw/a%20b");
  EXPECT_FALSE(bucket.is_local());
  EXPECT_EQ(bucket.Child("Kiwi/1%.jpg").display, "s3://bucket/raw/a%20b/Kiwi/1%25.jpg");
  EXPECT_EQ(bucket.Child("Kiwi/1%.jpg").path, "bucket/raw/a b/Kiwi/1%.jpg");
  EXPECT_EQ(Parsed("s3a://bucket/raw?region=eu").path, "bucket/raw");
  EXPECT_EQ(Parsed("s3a://bucket/a+b%2Bc/../x?region=eu").path, "bucket/a+b+c/../x");
  const Status with_key = Location::Parse("s3://KEY:s3cr3t@bucket/raw?region=eu").status();
  EXPECT_TRUE(IsUsageError(with_key));
  EXPECT_THAT(with_key.message(), AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), Not(HasSubstr("s3cr3t"))));

  const Location google = Parsed("gs://anonymous@bucket/raw");
  EXPECT_EQ(google.path, "bucket/raw");
  const Location azure = Parsed("abfs://container@account.dfs.core.windows.net/raw");
  EXPECT_EQ(azure.path, "container/raw");
  EXPECT_THAT(azure.display, HasSubstr("container@account"));
  const Status azure_key = Location::Parse("abfs://container:c2VjcmV0@account.dfs.core.windows.net/raw").status();
  EXPECT_TRUE(IsUsageError(azure_key));
  EXPECT_THAT(azure_key.message(), AllOf(HasSubstr("AZURE_STORAGE_KEY"), Not(HasSubstr("c2VjcmV0"))));
}

TEST(Location, ContainsFollowsLinks) {
  const fs::path folder = fs::path(testing::TempDir()) / "pomona_location_test";
  fs::remove_all(folder);
  fs::create_directories(folder / "data" / "inner");
  fs::create_directory_symlink(folder / "data", folder / "link");
  const Location data = Parsed((folder / "data").native());
  EXPECT_TRUE(Contains(data, data));
  EXPECT_TRUE(Contains(data, Parsed((folder / "link").native())));
  EXPECT_TRUE(Contains(data, Parsed((folder / "link/inner/../inner/new").native())));
  EXPECT_TRUE(Contains(Parsed("/"), data));
  EXPECT_FALSE(Contains(data, Parsed((folder / "data2").native())));
  EXPECT_FALSE(Contains(Parsed((folder / "data/inner").native()), data));
  EXPECT_FALSE(Contains(data, Parsed("s3://bucket/data?region=eu")));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace pomona
