#include "pomona/pipeline/csv.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

std::string Field(std::string_view text) {
  std::string record;
  AppendCsvField(text, &record);
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

}  // namespace
}  // namespace pomona
