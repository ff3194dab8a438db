#include "pomona/pipeline/input_images.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_folder::TempFolder;
using testing_folder::WriteFile;

Result<InputImages> List(RunOptions options) {
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  return ListInput(options, input, nullptr);
}

class InputImagesTest : public ::testing::Test {
 protected:
  InputImagesTest() {
    for (const char* name : {"a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "b/x/9.png", "top.jpg"}) {
      WriteFile(folder_.path() / "in" / name, "x");
    }
    options_.input = folder_ / "in/";
  }
  TempFolder folder_;
  RunOptions options_;
};

TEST_F(InputImagesTest, PathsAreAsTypedAndSorted) {
  const InputImages images = List(options_).ValueOrDie();
  ASSERT_EQ(images.rows.size(), 6);
  EXPECT_EQ(images.rows.row(0).path, folder_ / "in/a/1.jpg");
  EXPECT_EQ(images.rows.row(0).label, "a");
  EXPECT_EQ(images.rows.row(4).label, "x");   // nested: the folder next to the image
  EXPECT_EQ(images.rows.row(5).label, "in");  // in the input itself
}

TEST_F(InputImagesTest, SaysForHowManyImagesAPatternFindsNoLabel) {
  options_.label_from = {LabelRule::Kind::kRegex, "/in/([a-z])/"};
  EXPECT_THAT(List(options_)->messages, ElementsAre(AllOf(HasSubstr("finds no label in 1 of 6 paths"),
                                                          HasSubstr("such as " + (folder_ / "in/top.jpg;")))));
  options_.label_from.pattern = "_([0-9]+)\\.jpg$";
  EXPECT_THAT(List(options_)->messages, ElementsAre(HasSubstr("in 6 of 6 paths")));
  options_.limit = 2;
  EXPECT_THAT(List(options_)->messages, ElementsAre(HasSubstr("in 2 of 2 paths")));
  options_.label_from.pattern = "/([0-9]+)\\.jpg$";
  EXPECT_THAT(List(options_)->messages, IsEmpty());
  options_.label_from = {LabelRule::Kind::kNone, ""};
  EXPECT_THAT(List(options_)->messages, IsEmpty());
}

TEST_F(InputImagesTest, FiltersInOrder) {
  options_.include = {"*.jpg"};
  options_.exclude = {"a/2*"};
  EXPECT_EQ(List(options_)->rows.size(), 4);
  options_.limit = 2;
  const InputImages images = List(options_).ValueOrDie();
  ASSERT_EQ(images.rows.size(), 2);
  EXPECT_EQ(images.rows.row(1).path, folder_ / "in/a/3.jpg");
}

TEST_F(InputImagesTest, SampleTakesFromEveryLabel) {
  options_.sample = 4;
  const InputImages images = List(options_).ValueOrDie();
  std::set<std::string_view> labels;
  for (std::int64_t i = 0; i < images.rows.size(); ++i) labels.insert(images.rows.row(i).label);
  EXPECT_EQ(labels.size(), 4U);
}

TEST_F(InputImagesTest, NothingLeftIsAnErrorThatSaysWhy) {
  options_.include = {"*.gif"};
  const Status filtered = List(options_).status();
  EXPECT_TRUE(IsUsageError(filtered));
  EXPECT_THAT(filtered.message(), HasSubstr("none of the 6 files"));
  std::filesystem::create_directories(folder_.path() / "empty" / "folder");
  options_ = {};
  options_.input = folder_ / "empty";
  EXPECT_TRUE(IsUsageError(List(options_).status()));
  EXPECT_THAT(List(options_).status().message(), HasSubstr("no images in"));
}

TEST_F(InputImagesTest, SkipsKnownNamesOnlyAndCountsThem) {
  for (const char* name : {"_x_/_DSC1.jpg", "_x_/._DSC1.jpg", ".git/1", "_SUCCESS", "_x.tar/1.jpg"}) {
    WriteFile(folder_.path() / "in" / name, "x");
  }
  options_.include = {"_x_/*"};  // which of those listed are taken is another matter
  const InputImages images = List(options_).ValueOrDie();
  EXPECT_EQ(images.rows.size(), 1);
  EXPECT_EQ(images.rows.skipped()->ToJson().dump(), R"({"hidden":1,"hadoop":1,"macos":1})");
  options_.include = {};
  EXPECT_EQ(List(options_)->rows.size(), 8);
  options_.include_skipped = true;
  EXPECT_EQ(List(options_)->rows.size(), 11);
  EXPECT_EQ(List(options_)->rows.skipped(), SkippedFiles());
  WriteFile(folder_.path() / "in/list.csv", "path\n.git/1\n_SUCCESS\n_x_/._DSC1.jpg\n");
  options_ = {};
  options_.input = folder_ / "in/list.csv";
  EXPECT_EQ(List(options_)->rows.size(), 3);
  EXPECT_EQ(List(options_)->rows.skipped(), SkippedFiles());
}

TEST_F(InputImagesTest, AnInputOfSkippedNamesAloneNamesTheOption) {
  options_ = {};
  options_.input = folder_ / "skipped";
  WriteFile(folder_.path() / "skipped/.1.jpg", "x");
  EXPECT_THAT(List(options_).status().message(),
              HasSubstr("; files skipped because of their names: 1; --include-skipped brings them in"));
}

TEST_F(InputImagesTest, PlacesLeadBackToFiles) {
  const ImagePlaces places(Location::Parse(options_.input).ValueOrDie());
  EXPECT_EQ(places.Place("a/1.jpg")->path, folder_ / "in/a/1.jpg");
  WriteFile(folder_.path() / "list.csv", "path\n");
  const ImagePlaces listed(Location::Parse(folder_ / "list.csv").ValueOrDie());
  EXPECT_EQ(listed.Place("in/a/1.jpg")->path, folder_ / "in/a/1.jpg");
  EXPECT_EQ(listed.Place("/x/a%20b.jpg")->path, "/x/a%20b.jpg");
  EXPECT_EQ(listed.Place("file:///x/a b.jpg")->path, "/x/a b.jpg");
  EXPECT_EQ(listed.Place("file:///x/a%20b.jpg")->path, "/x/a b.jpg");
  EXPECT_EQ(listed.Place("file:///x/c.jpg")->path, "/x/c.jpg");
}

}  // namespace
}  // namespace pomona
