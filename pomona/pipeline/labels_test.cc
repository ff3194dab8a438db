#include "pomona/pipeline/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::string Label(const LabelRule& rule, std::string_view path, std::string_view place) {
  return Labeler::Make(rule).ValueOrDie().LabelOf(path, place);
}

TEST(Labels, ParentIsTheLastFolder) {
  EXPECT_EQ(Label({}, "data/Apple Braeburn/1.jpg", "/x/data/Apple Braeburn/1.jpg"), "Apple Braeburn");
  EXPECT_EQ(Label({}, "data/fruit/Kiwi/1.jpg", "/x/data/fruit/Kiwi/1.jpg"), "Kiwi");
}

TEST(Labels, ParentOfAnImageInTheInputItselfIsTheInput) { EXPECT_EQ(Label({}, "1.jpg", "/x/Kiwi/1.jpg"), "Kiwi"); }

TEST(Labels, BytesThatAreNotUtf8AreWrittenAsHexadecimal) {
  EXPECT_EQ(Label({}, "d/caf%E9/1.jpg", "/d/caf\xE9/1.jpg"), "caf%E9");
}

TEST(Labels, NoneIsEmpty) { EXPECT_EQ(Label({LabelRule::Kind::kNone, ""}, "a/b/1.jpg", "/a/b/1.jpg"), ""); }

TEST(Labels, RegexTakesItsGroup) {
  const LabelRule rule{LabelRule::Kind::kRegex, "/([a-z]+)_[0-9]+\\.jpg$"};
  EXPECT_EQ(Label(rule, "data/x/kiwi_12.jpg", "/data/x/kiwi_12.jpg"), "kiwi");
  EXPECT_EQ(Label(rule, "data/x/12.jpg", "/data/x/12.jpg"), "");
}

TEST(Labels, RegexMustBeOneAndHaveOneGroup) {
  for (const char* pattern : {"(", "no group", "(a)(b)"}) {
    const Status status = Labeler::Make({LabelRule::Kind::kRegex, pattern}).status();
    EXPECT_TRUE(IsUsageError(status)) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("--label-from"));
  }
}

}  // namespace
}  // namespace pomona
