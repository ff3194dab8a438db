#include "pomona/pipeline/report_sample.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(ReportSample, TakesAllOfFewAndAnEvenSampleOfMany) {
  ReportSample sample;
  std::vector<std::string> labels;
  for (int i = 0; i < 20'000; ++i) {
    labels.push_back(i % 10 == 0 ? "rare" : "common");
    sample.Add("data/" + std::to_string(i), labels.back());
    if (i == 99) {
      EXPECT_EQ(sample.Choose().size(), 100U);
    }
  }
  EXPECT_EQ(sample.LabelCounts(), (std::map<std::string, std::int64_t>{{"common", 18'000}, {"rare", 2'000}}));
  const std::vector<std::int64_t> rows = sample.Choose();
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(kReportPoints));
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::count_if(rows.begin(), rows.end(), [&](std::int64_t row) { return labels[row] == "rare"; }), 2000);
}

}  // namespace
}  // namespace pomona
