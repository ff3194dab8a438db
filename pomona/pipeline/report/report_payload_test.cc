#include "pomona/pipeline/report/report_payload.h"

#include <limits>

#include <gtest/gtest.h>

namespace pomona {
namespace {

constexpr std::size_t kBudget = 13'000'000;

Json Payload(const ReportData& data, std::size_t budget = kBudget) { return Json::parse(ReportPayload(data, budget)); }

ReportData ManyPoints(int points, std::size_t thumbnail_bytes) {
  ReportData data;
  data.labels = {{"Kiwi", points, 0}};
  for (int i = 0; i < points; ++i) {
    data.points.push_back({"Kiwi/" + std::to_string(i) + ".jpg", "Kiwi", i * 0.1, -i * 0.2,
                           std::string(thumbnail_bytes, static_cast<char>(i))});
  }
  data.rows_projected = points;
  return data;
}

TEST(ReportPayload, EmptyDataGiveAnEmptyPage) {
  const Json payload = Payload({});
  EXPECT_EQ(payload["points"]["x"].size(), 0u);
  EXPECT_EQ(payload["components"]["total"], 0);
  EXPECT_EQ(payload["labels"]["names"].size(), 0u);
  EXPECT_EQ(payload["quarantined"], 0);
  EXPECT_EQ(payload["thumbnails"], Json::array());
}

TEST(ReportPayload, HoldsWhatItWasGiven) {
  ReportData data;
  data.run = {{"images_ok", 2}};
  data.labels = {{"Kiwi", 1, 1}, {"Lime", 1, 0}};
  data.components = {{3.0, 0.75, 0.75, true}, {1.0, 0.25, 1.0, false}};
  data.points = {{"Kiwi/1.jpg", "Kiwi", 1.23456789, -2, "jpeg"}, {"Lime/1.jpg", "Lime", 0, 1e-9, ""}};
  data.rows_projected = 2;
  data.failures_by_code = {{"empty", 1}};
  data.failures = {{"Kiwi/2.jpg", "Kiwi", "empty", "the file has zero bytes"}};
  data.messages = {"a choice"};
  const Json payload = Payload(data);
  EXPECT_EQ(payload["run"]["images_ok"], 2);
  EXPECT_EQ(payload["labels"]["quarantined"], Json::parse("[1, 0]"));
  EXPECT_EQ(payload["components"]["kept"], 1);
  EXPECT_EQ(payload["components"]["cumulative"], Json::parse("[0.75, 1.0]"));
  EXPECT_EQ(payload["points"]["x"], Json::parse("[1.23457, 0.0]"));
  EXPECT_EQ(payload["points"]["label"], Json::parse("[0, 1]"));
  EXPECT_EQ(payload["thumbnails"], Json::parse(R"(["anBlZw==", ""])"));
  EXPECT_EQ(payload["failures"][0], Json::parse(R"(["empty", "Kiwi/2.jpg", "Kiwi", "the file has zero bytes"])"));
  EXPECT_EQ(payload["failures_by_code"][0], Json::parse(R"(["empty", 1])"));
  EXPECT_EQ(payload["messages"][0], "a choice");
}

TEST(ReportPayload, ThumbnailsAreLeftOutEvenlyWhereTheyDoNotFit) {
  const ReportData data = ManyPoints(5000, 5000);
  const std::string text = ReportPayload(data, kBudget);
  EXPECT_LE(text.size(), kBudget);
  EXPECT_GT(text.size(), kBudget - 20'000);
  const Json thumbnails = Json::parse(text)["thumbnails"];
  ASSERT_EQ(thumbnails.size(), 5000u);
  int longest_gap = 0;
  int gap = 0;
  int kept = 0;
  for (const Json& thumbnail : thumbnails) {
    const bool there = !thumbnail.get_ref<const std::string&>().empty();
    kept += there ? 1 : 0;
    gap = there ? 0 : gap + 1;
    longest_gap = std::max(longest_gap, gap);
  }
  EXPECT_GT(kept, 1800);
  EXPECT_LE(longest_gap, 2);
}

TEST(ReportPayload, AllThumbnailsStayWhereTheyFit) {
  const Json thumbnails = Payload(ManyPoints(5000, 1500))["thumbnails"];
  for (const Json& thumbnail : thumbnails) EXPECT_EQ(thumbnail.get_ref<const std::string&>().size(), 2000u);
}

TEST(ReportPayload, OneGiantThumbnailCostsOnlyItself) {
  ReportData data = ManyPoints(100, 1000);
  data.points[50].thumbnail.assign(20'000'000, 'x');
  const std::string text = ReportPayload(data, kBudget);
  EXPECT_LE(text.size(), kBudget);
  EXPECT_EQ(Json::parse(text)["thumbnails"][50], "");
}

TEST(ReportPayload, SmallLabelsBeyondTheFirst300AreCountedTogether) {
  ReportData data;
  for (int i = 0; i < 1000; ++i) data.labels.push_back({"label " + std::to_string(i), i + 1, 1});
  data.points = {{"a", "label 0", 0, 0, ""}, {"b", "label 999", 1, 1, ""}, {"c", "unheard of", 2, 2, ""}};
  const Json payload = Payload(data);
  EXPECT_EQ(payload["labels"]["names"].size(), 300u);
  EXPECT_EQ(payload["labels"]["names"][0], "label 700");
  EXPECT_EQ(payload["labels"]["other"], Json({{"labels", 700}, {"images", 700 * 701 / 2}, {"quarantined", 700}}));
  EXPECT_EQ(payload["points"]["label"], Json::parse("[300, 299, 300]"));
  EXPECT_EQ(payload["points"]["other_names"], Json::parse(R"({"0": "label 0", "2": "unheard of"})"));
}

TEST(ReportPayload, DrawsAtMost5000PointsAndNoneThatIsNotFinite) {
  EXPECT_EQ(Payload(ManyPoints(12'345, 0))["points"]["x"].size(), 5000u);
  ReportData data = ManyPoints(3, 0);
  data.points[1].x = std::numeric_limits<double>::quiet_NaN();
  data.points[2].y = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Payload(data)["points"]["x"].size(), 1u);
}

TEST(ReportPayload, SaysHowManyFailuresAreLeftOut) {
  ReportData data;
  data.failures_by_code = {{"corrupt", 4000}, {"empty", 1000}};
  data.failures.assign(700, {"a.jpg", "Kiwi", "corrupt", "damaged"});
  data.messages.assign(130, "one more");
  const Json payload = Payload(data);
  EXPECT_EQ(payload["quarantined"], 5000);
  EXPECT_EQ(payload["failures"].size(), 500u);
  EXPECT_EQ(payload["messages"].size(), 100u);
  EXPECT_EQ(payload["messages_left_out"], 30);
}

/// Every field as long as a field can be, of the characters that take the most room in the page.
TEST(ReportPayload, AnyInputLeavesRoomForThumbnails) {
  ReportData data;
  for (const std::string unit : {"<", "\n", "\xFF", "\u2028", "\U0001F34E"}) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += unit;
    for (int i = 0; i < 200; ++i) data.labels.push_back({std::to_string(i) + text, i, i});
    for (int i = 0; i < 1000; ++i) data.points.push_back({text, text, -1.23456e-123 * i, 1.23456e-123 * i, ""});
    for (int i = 0; i < 100; ++i) data.failures.push_back({text, text, text, text});
    for (int i = 0; i < 10; ++i) data.failures_by_code.emplace_back(text + std::to_string(i), i);
    data.messages.push_back(text);
    data.run[text] = std::vector<std::string>(5000, text);
  }
  data.components.assign(25'088, {1.0 / 3, 1.23456e-123, 1.23456e-123, true});
  EXPECT_LT(ReportPayload(data, 0).size(), 5'000'000u);
}

}  // namespace
}  // namespace pomona
