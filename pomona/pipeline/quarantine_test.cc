#include "pomona/pipeline/quarantine.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

QuarantineRow Row(std::int64_t index) {
  return {index,
          "data/a, \"b\"/" + std::to_string(index) + ".jpg",
          "a",
          index % 2 == 0 ? 100 + index : -1,
          "decode",
          FailureCode::kTruncated,
          "the data end early"};
}

TEST(Quarantine, RowsReadBack) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "quarantine.parquet").ValueOrDie();
  ASSERT_TRUE(WriteQuarantine(place, 3, [](std::int64_t group) -> Result<std::vector<QuarantineRow>> {
                if (group == 1) return std::vector<QuarantineRow>();
                return std::vector<QuarantineRow>{Row(group * 10), Row(group * 10 + 1)};
              }).ok());
  std::vector<QuarantineRow> rows;
  ASSERT_TRUE(ReadQuarantine(place, [&](const QuarantineRow& row) { rows.push_back(row); }).ok());
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[2].path, Row(20).path);
  EXPECT_EQ(rows[2].size_bytes, 120);
  EXPECT_EQ(rows[3].size_bytes, -1);
  EXPECT_EQ(rows[3].code, FailureCode::kTruncated);
  EXPECT_EQ(rows[3].message, "the data end early");
}

TEST(Quarantine, AnEmptyFileHasItsColumns) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "quarantine.parquet").ValueOrDie();
  ASSERT_TRUE(WriteQuarantine(place, 0, nullptr).ok());
  int rows = 0;
  ASSERT_TRUE(ReadQuarantine(place, [&](const QuarantineRow&) { ++rows; }).ok());
  EXPECT_EQ(rows, 0);
}

TEST(Quarantine, JsonReadsBackAndNamesWhatIsWrong) {
  const QuarantineRow row = QuarantineRow::FromJson(Row(4).ToJson(), "record").ValueOrDie();
  EXPECT_EQ(row.index, 4);
  EXPECT_EQ(row.path, Row(4).path);
  Json wrong = Row(4).ToJson();
  wrong["code"] = "sad";
  EXPECT_FALSE(QuarantineRow::FromJson(wrong, "record").ok());
  wrong.erase("path");
  EXPECT_FALSE(QuarantineRow::FromJson(wrong, "record").ok());
}

}  // namespace
}  // namespace pomona
