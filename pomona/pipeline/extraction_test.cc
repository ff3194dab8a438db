#include "pomona/pipeline/extraction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/quarantine.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

TEST(Extraction, OnePercentButNeverFewerThanTenMayFail) {
  EXPECT_EQ(FailuresAllowed({}, 5), 10);
  EXPECT_EQ(FailuresAllowed({}, 1000), 10);
  EXPECT_EQ(FailuresAllowed({}, 4500), 45);
  EXPECT_EQ(FailuresAllowed({std::nullopt, 0.5}, 4500), 2250);
  EXPECT_EQ(FailuresAllowed({3, 0.5}, 4500), 3);
  EXPECT_EQ(FailuresAllowed({0, 0.01}, 4500), 0);
}

TEST(Extraction, TheMessageNamesTheFix) {
  Extraction extraction;
  extraction.quarantined = 12;
  extraction.failures_allowed = 10;
  const std::string message = TooManyFailuresMessage(extraction);
  EXPECT_THAT(message, ::testing::HasSubstr("12 images"));
  EXPECT_THAT(message, ::testing::HasSubstr("allows 10"));
  EXPECT_THAT(message, ::testing::HasSubstr("higher --max-failures"));
}

TEST(Extraction, IsDescribedFromWhatLies) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  EXPECT_EQ(DescribeExtraction(output, Json::object(), 5)->images, 5);
  ASSERT_TRUE(WriteQuarantine(output.Child("quarantine.parquet"), 1, [](std::int64_t) {
                return std::vector<QuarantineRow>(600, {0, "p", "l", 1, "read", FailureCode::kUnreadable, "m"});
              }).ok());
  const Extraction extraction = DescribeExtraction(output, {{"features", 3}}, 5).ValueOrDie();
  EXPECT_EQ(extraction.images, 605);
  EXPECT_EQ(extraction.failures_by_code.at("unreadable"), 600);
  EXPECT_EQ(extraction.failures_by_label.at("l"), 600);
  EXPECT_EQ(extraction.first_failures.size(), 500U);
}

}  // namespace
}  // namespace pomona
