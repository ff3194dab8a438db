#include "pomona/pipeline/report/report.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

ReportData SmallReport() {
  ReportData data;
  data.run = {{"images_listed", 2}, {"images_ok", 2}, {"options", {{"input", "fruits"}}}};
  data.labels = {{"Kiwi", 2, 0}};
  data.components = {{1.0, 1.0, 1.0, true}};
  data.points = {{"fruits/Kiwi/1.jpg", "Kiwi", -1, 0, "x"}, {"fruits/Kiwi/2.jpg", "Kiwi", 1, 0, "y"}};
  data.rows_projected = 2;
  return data;
}

int Count(const std::string& page, const std::string& what) {
  int count = 0;
  for (std::size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++count;
  return count;
}

/// The JSON between the data element's tags, as a browser cuts it out.
Json DataOf(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t start = page.find(open) + open.size();
  return Json::parse(page.substr(start, page.find("</script", start) - start));
}

TEST(RenderReport, IsOneWholePage) {
  const std::string page = RenderReport(SmallReport());
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_EQ(Count(page, "<script"), 3);
  EXPECT_EQ(Count(page, "</script"), 3);
  EXPECT_EQ(Count(page, "Licensed to the Apache Software Foundation"), 1) << "ECharts' licence stays with it";
  for (const char* mark : {"@SCRIPT_HASHES@", "@STYLE@", "@DATA@", "@LIBRARY@", "@SCRIPT@"}) {
    EXPECT_EQ(Count(page, mark), 0) << mark;
  }
  EXPECT_EQ(DataOf(page)["points"]["path"][1], "fruits/Kiwi/2.jpg");
}

TEST(RenderReport, LoadsNothing) {
  const std::string page = RenderReport(SmallReport());
  for (const char* loads : {"src=\"http", "href=\"http", "src=\"//", "url(http", "@import", "<link", "<iframe"}) {
    EXPECT_EQ(Count(page, loads), 0) << loads;
  }
  EXPECT_NE(page.find("default-src 'none'; script-src 'sha256-"), std::string::npos);
}

TEST(RenderReport, NoTextBreaksOut) {
  const std::string hostile[] = {"</script><script>alert(1)</script>",
                                 "<!--<script>",
                                 "\"quoted\" 'single' `back`",
                                 "line\nbreak\r\n",
                                 "@LIBRARY@ @STYLE@",  // marks of our own template
                                 "\u202Eright to left\u2066 \u0645\u0634\u0645\u0634",
                                 "\U0001F34E\u200D\U0001F525",
                                 "\u2028\u2029",
                                 "\xC3\x28",
                                 "&lt;b&gt; <b>bold</b> <img src=x onerror=alert(1)>"};
  ReportData data;
  for (const std::string& text : hostile) {
    data.labels.push_back({text, 1, 1});
    data.points.push_back({text, text, 1, 2, text});
    data.failures.push_back({text, text, text, text});
    data.failures_by_code.emplace_back(text, 1);
    data.messages.push_back(text);
    data.run[text] = text;
  }
  const std::string page = RenderReport(data);
  EXPECT_EQ(Count(page, "<script"), 3);
  EXPECT_EQ(Count(page, "</script"), 3);
  EXPECT_EQ(Count(page, "<img src=x"), 0);
  EXPECT_EQ(Count(page, "Licensed to the Apache Software Foundation"), 1);
  const Json names = DataOf(page)["labels"]["names"];
  EXPECT_EQ(names[0], hostile[0]);
  EXPECT_EQ(names[4], hostile[4]);
  EXPECT_EQ(names[6], hostile[6]);
  EXPECT_EQ(names[8], "%C3(");
}

TEST(RenderReport, StaysUnder15MegabytesWithTooManyThumbnails) {
  ReportData data = SmallReport();
  data.points.clear();
  for (int i = 0; i < 5000; ++i) {
    data.points.push_back(
        {"fruits/Kiwi/" + std::to_string(i) + ".jpg", "Kiwi", i * 0.5, i * 0.25, std::string(5120, 'j')});
  }
  const std::string page = RenderReport(data);
  EXPECT_LT(page.size(), 15'000'000u);
  EXPECT_GT(page.size(), 14'000'000u) << "the room is used";
}

TEST(RenderReport, SameDataSameBytes) { EXPECT_EQ(RenderReport(SmallReport()), RenderReport(SmallReport())); }

TEST(RenderReport, AcceptsNothingAtAll) {
  const std::string page = RenderReport({});
  EXPECT_LT(page.size(), 1'000'000u);
  EXPECT_EQ(DataOf(page)["points"]["x"].size(), 0u);
}

}  // namespace
}  // namespace pomona
