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

TEST(ReportSample, ChoosesAsIfItHadKeptEveryRow) {
  ReportSample sample;
  std::vector<SampleCandidate> all;
  for (int i = 0; i < 50'000; ++i) {
    const int label = i % 100 == 0 ? i % 7 : 7;  // one label has far more rows than are chosen
    const std::string path = "data/" + std::to_string(i % 4'000) + ".jpg";  // equal hashes: earlier rows are taken
    sample.Add(path, std::to_string(label));
    all.push_back({label, PathHash(path)});
  }
  EXPECT_EQ(sample.Choose(), SpreadSample(all, kReportPoints));
}

}  // namespace
}  // namespace pomona
