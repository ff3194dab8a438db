#include "pomona/pipeline/job_log.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

class Recorder : public ProgressListener {
 public:
  void StageStarted(std::string_view stage, std::int64_t total, std::int64_t done) override {
    text += std::string(stage) + " " + std::to_string(done) + "/" + std::to_string(total) + "\n";
  }
  void StageAdvanced(std::int64_t done, std::int64_t failed) override {
    text += std::to_string(done) + " " + std::to_string(failed) + "\n";
  }
  void StageFinished(double seconds) override { text += seconds >= 0 ? "end\n" : "?\n"; }
  void Message(std::string_view message) override { text += std::string(message) + "\n"; }
  std::string text;
};

TEST(JobLog, PassesOnAndRemembers) {
  Recorder recorder;
  JobLog log(&recorder);
  {
    const Stage stage(log, "extract", 10, 4, 1);
    log.Advance(2, 1);
    log.Advance(4);
  }
  log.Message("a warning");
  EXPECT_EQ(recorder.text, "extract 4/10\n6 2\n10 2\nend\na warning\n");
  log.Note("for the summary");
  EXPECT_EQ(recorder.text.find("summary"), std::string::npos);
  EXPECT_EQ(log.messages(), (std::vector<std::string>{"a warning", "for the summary"}));
  EXPECT_TRUE(log.Seconds().contains("extract"));
  EXPECT_TRUE(log.Seconds().contains("total"));
  EXPECT_EQ(log.StageSeconds("fit"), 0);
}

TEST(JobLog, NeedsNoListener) {
  JobLog log(nullptr);
  const Stage stage(log, "list", 0);
  log.Advance(1);
  log.Message("x");
}

}  // namespace
}  // namespace pomona
