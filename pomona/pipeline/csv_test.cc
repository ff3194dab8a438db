#include "pomona/pipeline/csv.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

std::string Field(std::string_view text, CsvText how = CsvText::kAsIs) {
  std::string record;
  AppendCsvField(text, how, &record);
  return record;
}

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(Field("data/Kiwi/1.jpg"), "data/Kiwi/1.jpg");
  EXPECT_EQ(Field("Apple Braeburn"), "Apple Braeburn");
  EXPECT_EQ(Field("a,b"), "\"a,b\"");
  EXPECT_EQ(Field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(Field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(Field(" space"), "\" space\"");
  EXPECT_EQ(Field(""), "");
}

TEST(Csv, ForSpreadsheetsNothingBeginsLikeAFormula) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(1)", "\tx"}) {
    EXPECT_EQ(Field(text), text);
    EXPECT_EQ(Field(text, CsvText::kForSpreadsheets), std::string("'") + text);
  }
  EXPECT_EQ(Field("=\"a\",b", CsvText::kForSpreadsheets), "\"'=\"\"a\"\",b\"");
  EXPECT_EQ(Field("\rx", CsvText::kForSpreadsheets), "\"'\rx\"");
  EXPECT_EQ(Field("a=1", CsvText::kForSpreadsheets), "a=1");
  EXPECT_EQ(Field("", CsvText::kForSpreadsheets), "");
}

}  // namespace
}  // namespace pomona
