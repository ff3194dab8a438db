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
    "failures_by_code": {"empty": 1, "truncated": 2}, "files_skipped": {"hidden": 1200, "macos": 6},
    "plan": {"features": 512, "extractor": {"name": "vgg16"}, "image_width": 100, "image_height": 80,
             "precision": "f32", "engine": "openvino 2026.4.1"},
    "fit": {"components": 15, "explained": 0.6512},
    "seconds": {"extract": 83.4, "fit": 0.5, "total": 84}, "images_per_second": 53.9, "threads": 2,
    "peak_rss_bytes": 412000000,
    "files": ["projection.csv", "features/part-00000.parquet", "features/part-00001.parquet", "_SUCCESS"]})");
  return summary;
}

TEST(SummaryTest, TellsWhatWasDone) {
  EXPECT_EQ(SummaryText(Example(), false),
            "\n"
            "  images      4,500 listed, 4,497 ok, 3 quarantined (1 empty, 2 truncated)\n"
            "  skipped     1,206 files: 1,200 hidden, 6 macos; --include-skipped brings them in\n"
            "  features    512 an image, vgg16, 100x80, f32, openvino 2026.4.1\n"
            "  components  15 kept, 65.1 % of the variance\n"
            "  speed       53.9 images/s on 2 threads\n"
            "  time        1 min 24 s (extract 1 min 23 s, fit 0.50 s)\n"
            "  memory      412 MB at most\n"
            "  files       features/ (2), projection.csv\n"
            "  report      out/report.html\n"
            "\n");
  EXPECT_THAT(SummaryText(Example(), true), HasSubstr("\x1b[1mimages"));
  EXPECT_EQ(SkippedText(Json::parse(R"({"windows": 1})")), "1 file: 1 windows; --include-skipped brings it in");
  EXPECT_EQ(SkippedText(Json::object()), "");
}

TEST(SummaryTest, SaysWhatToDoAfterTooManyFailures) {
  RunSummary summary = Example();
  summary.outcome = RunOutcome::kTooManyFailures;
  EXPECT_THAT(SummaryText(summary, false), HasSubstr("higher --max-failures finishes without extracting again"));
}

TEST(SummaryTest, TellsWhatWasPacked) {
  RunSummary summary;
  summary.run = Json::parse(R"({
    "images_listed": 4500, "images_ok": 4497, "images_quarantined": 3, "failures_by_code": {"missing": 3},
    "pack": {"format": "tar", "shards": 12, "bytes": 3000000000},
    "files": ["_SUCCESS", "pack-00000.tar", "pack-00001.tar", "quarantine.parquet", "run.json"]})");
  EXPECT_EQ(SummaryText(summary, false),
            "\n"
            "  images      4,500 listed, 4,497 ok, 3 quarantined (3 missing)\n"
            "  shards      4,497 images in 12 shards, 3.0 GB, read back and compared\n"
            "  files       pack-*.tar (2), quarantine.parquet, run.json\n"
            "\n");
  summary.outcome = RunOutcome::kTooManyFailures;
  EXPECT_THAT(SummaryText(summary, false), HasSubstr("higher --max-failures finishes without packing again"));
}

TEST(SummaryTest, LeavesOutWhatIsNotKnown) {
  RunSummary summary;
  summary.message = "out is finished already";
  EXPECT_EQ(SummaryText(summary, false), "out is finished already\n");
}

}  // namespace
}  // namespace pomona::cli
