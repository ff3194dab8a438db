#include "cli/progress.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/json.h"

namespace pomona::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// What a listener of that mode writes while it hears a short run.
std::string Heard(ProgressMode mode, bool plain_terminal) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    const auto listener = MakeProgress(mode, out, plain_terminal);
    listener->StageStarted("extract", 4500, 1000);
    for (std::int64_t done = 1001; done <= 4500; ++done) listener->StageAdvanced(done, done / 1000);
    listener->Message("a choice was made");
    listener->StageFinished(7.5);
  }
  std::fclose(out);
  std::string heard(text, size);
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream allocates so
  return heard;
}

TEST(ProgressTest, ModesHaveNames) {
  EXPECT_EQ(ProgressModeFromName("auto"), ProgressMode::kAuto);
  EXPECT_EQ(ProgressModeFromName("json"), ProgressMode::kJson);
  EXPECT_EQ(ProgressModeFromName("loud"), std::nullopt);
}

TEST(ProgressTest, PlainLinesTellTheEndOfAStage) {
  const std::string heard = Heard(ProgressMode::kPlain, false);
  EXPECT_EQ(heard,
            "extract: 1,000/4,500 done by an earlier run\n"
            "a choice was made\n"
            "extract: 4,500/4,500, 4 failed, 466 images/s, in 7.50 s\n");
  EXPECT_EQ(Heard(ProgressMode::kAuto, false), heard);  // a stream that is no terminal
}

TEST(ProgressTest, NoneLeavesMessages) { EXPECT_EQ(Heard(ProgressMode::kNone, false), "a choice was made\n"); }

TEST(ProgressTest, JsonIsAnObjectALine) {
  const std::string heard = Heard(ProgressMode::kJson, false);
  std::string events;
  for (std::size_t at = 0; at < heard.size();) {
    const std::size_t end = heard.find('\n', at);
    const Json line = Json::parse(heard.substr(at, end - at));
    events += line["event"].get<std::string>() + " ";
    if (line["event"] == "stage_finished") {
      EXPECT_EQ(line["stage"], "extract");
      EXPECT_EQ(line["done"], 4500);
      EXPECT_EQ(line["failed"], 4);
      EXPECT_EQ(line["seconds"], 7.5);
    }
    at = end + 1;
  }
  EXPECT_EQ(events, "stage_started message stage_finished ");
}

TEST(ProgressTest, TheBarLeavesNothingBehind) {
  const std::string coloured = Heard(ProgressMode::kBar, false);
  EXPECT_THAT(coloured, HasSubstr("extract"));
  EXPECT_THAT(coloured, HasSubstr("1,000/4,500"));
  EXPECT_THAT(coloured, HasSubstr("a choice was made\n"));
  EXPECT_TRUE(coloured.ends_with("\r\x1b[K"));

  const std::string plain = Heard(ProgressMode::kBar, true);
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_TRUE(plain.ends_with(" \r"));
}

TEST(ProgressTest, TheBarIsDrawnSeldom) {
  const std::string heard = Heard(ProgressMode::kBar, true);
  EXPECT_LT(std::count(heard.begin(), heard.end(), '\r'), 1000);  // 3,500 steps were heard
}

}  // namespace
}  // namespace pomona::cli
