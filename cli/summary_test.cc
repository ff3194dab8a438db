#include "cli/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona::cli {
namespace {

using testing::HasSubstr;

RunSummary Example() {
  RunSummary summary;
  summary.report = "out/report.html";
  summary.run = Json::parse(R"({
    "images_listed": 4500, "images_ok": 4497, "images_quarantined": 3,
    "quarantined_by_code": {"empty": 1, "truncated": 2},
    "features": {"dim": 512}, "options": {"extractor": "vgg16"},
    "reduction": {"components": 15, "variance_explained": 0.6512},
    "seconds": {"extract": 83.4, "fit": 0.5}, "images_per_second": 53.9, "threads": 2,
    "peak_rss_bytes": 412000000,
    "files": [{"path": "features/part-00000.parquet", "bytes": 1000000}, {"path": "features/part-00001.parquet",
               "bytes": 500000}, {"path": "projection.csv", "bytes": 0}]})");
  return summary;
}

TEST(SummaryTest, TellsWhatWasDone) {
  EXPECT_EQ(SummaryText(Example(), false),
            "\n"
            "  images      4,500 listed, 4,497 ok, 3 quarantined (1 empty, 2 truncated)\n"
            "  features    512 an image, vgg16\n"
            "  components  15 kept, 65.1 % of the variance\n"
            "  speed       53.9 images/s on 2 threads\n"
            "  time        1 min 24 s (extract 1 min 23 s, fit 0.50 s)\n"
            "  memory      412 MB at most\n"
            "  files       features/ (2), projection.csv; 1.5 MB\n"
            "  report      out/report.html\n"
            "\n");
  EXPECT_THAT(SummaryText(Example(), true), HasSubstr("\x1b[1mimages"));
}

TEST(SummaryTest, SaysWhatToDoAfterTooManyFailures) {
  RunSummary summary = Example();
  summary.outcome = RunOutcome::kTooManyFailures;
  EXPECT_THAT(SummaryText(summary, false), HasSubstr("higher --max-failures finishes without extracting again"));
}

TEST(SummaryTest, LeavesOutWhatIsNotKnown) {
  RunSummary summary;
  summary.message = "out is finished already";
  EXPECT_EQ(SummaryText(summary, false), "out is finished already\n");
}

}  // namespace
}  // namespace pomona::cli
