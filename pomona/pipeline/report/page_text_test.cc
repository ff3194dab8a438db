#include "pomona/pipeline/report/page_text.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(TrimMiddle, KeepsShortTextAndShowsWhatCannotBeSeen) {
  EXPECT_EQ(TrimMiddle("fruits/Kiwi/1.jpg", 100), "fruits/Kiwi/1.jpg");
  EXPECT_EQ(TrimMiddle("", 100), "");
  EXPECT_EQ(TrimMiddle("two\nlines\t\x7F", 100), "two\u240Alines\u2409\u2421");
  EXPECT_EQ(TrimMiddle(std::string_view("a\0b", 3), 100), "a\u2400b");
  EXPECT_EQ(TrimMiddle("caf\xE9.jpg", 100), "caf%E9.jpg");
  EXPECT_EQ(TrimMiddle("\u0645\u0634\u0645\u0634 \U0001F34E", 100), "\u0645\u0634\u0645\u0634 \U0001F34E");
}

TEST(TrimMiddle, KeepsBothEndsOfLongText) {
  const std::string path = "s3://bucket/" + std::string(500, 'x') + "/last.jpg";
  const std::string trimmed = TrimMiddle(path, 60);
  EXPECT_LE(trimmed.size(), 60u);
  EXPECT_TRUE(trimmed.starts_with("s3://bucket/"));
  EXPECT_TRUE(trimmed.ends_with("/last.jpg"));
  EXPECT_NE(trimmed.find("\u2026"), std::string::npos);
}

TEST(TrimMiddle, NeverCutsACharacterAndNeverTakesMoreThanTheLimit) {
  const std::string units[] = {"a", "<", "&", "\"", "\\", "\n", "\xFF", "\u00E9", "\u3042", "\u2028", "\U0001F34E"};
  for (const std::string& unit : units) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += unit;
    for (std::size_t limit = 16; limit < 120; ++limit) {
      const std::string trimmed = TrimMiddle(text, limit);
      const std::string in_page = EscapeForScript(Json(trimmed).dump());  // throws where the text is not UTF-8
      EXPECT_LE(in_page.size(), limit + 2) << unit << " " << limit;
      EXPECT_GE(in_page.size() + 12, limit) << unit << " " << limit;
    }
  }
}

TEST(TrimJson, KeepsWhatARunHolds) {
  const Json run = Json::parse(R"({"images_ok": 3, "seconds": {"fit": 0.25}, "files": ["a", "b"], "none": null})");
  EXPECT_EQ(TrimJson(run), run);
}

TEST(TrimJson, BoundsAnyInput) {
  Json long_list = Json::array();
  for (int i = 0; i < 100'000; ++i) long_list.push_back("features/part.parquet");
  const Json list = TrimJson({{"files", long_list}})["files"];
  EXPECT_EQ(list.size(), 61u);
  EXPECT_EQ(list.back(), "\u2026 99,940 more");

  Json wide = Json::object();
  for (int i = 0; i < 2000; ++i) wide[std::to_string(i) + std::string(1000, '<')] = std::string(1000, '&');
  EXPECT_LT(EscapeForScript(TrimJson(wide).dump()).size(), 40'000u);

  Json deep = 1;
  for (int i = 0; i < 1000; ++i) deep = Json::array({deep});
  EXPECT_LT(TrimJson(deep).dump().size(), 100u);

  Json bushy = "leaf";
  for (int i = 0; i < 3; ++i) bushy = Json(std::vector<Json>(60, bushy));
  EXPECT_LT(TrimJson(bushy).dump().size(), 40'000u);

  EXPECT_TRUE(TrimJson(Json::binary({1, 2, 3})).is_null());
  EXPECT_EQ(TrimJson(Json("\xFF")), "%FF");
}

TEST(EscapeForScript, LeavesNothingThatEndsAScript) {
  const std::string evil = "</script><script>alert(1)</script><!-- &amp; \u2028\u2029 \u20AC";
  const std::string escaped = EscapeForScript(Json(evil).dump());
  EXPECT_EQ(escaped.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(escaped.find("\u2028"), std::string::npos);
  EXPECT_EQ(escaped.find("\u2029"), std::string::npos);
  EXPECT_NE(escaped.find("\u20AC"), std::string::npos);
  EXPECT_EQ(Json::parse(escaped), evil);
}

TEST(InlineScript, BreaksEveryClosingTag) {
  EXPECT_EQ(InlineScript("a = '</script>'; b = \"</SCRIPT \";"), "a = '<\\/script>'; b = \"<\\/SCRIPT \";");
  EXPECT_EQ(InlineScript("1 </ 2; '</scrip'"), "1 </ 2; '</scrip'");
  EXPECT_EQ(InlineScript(""), "");
}

}  // namespace
}  // namespace pomona
