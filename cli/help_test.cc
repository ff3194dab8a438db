#include "cli/help.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"
#include "pomona/pipeline/option_table.h"

namespace pomona::cli {
namespace {

using testing::HasSubstr;

struct Program {
  CommandContext context;
  CLI::App app{"Turns photographs into features.", "pomona"};

  Program() {
    app.require_subcommand(0, 1);
    AddRunCommand(app, context);
    AddFeaturesCommand(app, context);
    AddFitCommand(app, context);
    AddApplyCommand(app, context);
  }

  /// The message for a command line that is refused, or "" when it is taken.
  std::string Refusal(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    try {
      app.parse(words);
      return "";
    } catch (const CLI::ParseError& error) {
      return UsageMessage(app, error);
    }
  }
};

TEST(HelpTest, UnknownWordsBringTheNearestKnownOne) {
  EXPECT_EQ(Program().Refusal({"rnu", "photos"}), "unknown command 'rnu'; did you mean 'run'?");
  EXPECT_EQ(Program().Refusal({"zzzzz"}), "unknown command 'zzzzz'; see pomona --help");
  EXPECT_EQ(Program().Refusal({"run", "photos", "--thread", "2"}), "unknown option --thread; did you mean --threads?");
  EXPECT_EQ(Program().Refusal({"run", "--imagesize=100", "photos"}),
            "unknown option --imagesize=100; did you mean --image-size?");
  EXPECT_EQ(Program().Refusal({"fit", "out", "--qqqqqqqqq"}), "unknown option --qqqqqqqqq; see pomona fit --help");
  EXPECT_THAT(Program().Refusal({"run", "a", "b"}), HasSubstr("unexpected argument 'b'"));
}

TEST(HelpTest, MissingDoubledAndWrongValuesNameTheOption) {
  EXPECT_EQ(Program().Refusal({"run", "a", "--threads"}), "--threads has no value; wanted --threads N");
  EXPECT_EQ(Program().Refusal({"run", "a", "--threads", "1", "--threads", "2"}),
            "--threads is given 2 times; wanted once");
  EXPECT_EQ(Program().Refusal({"run", "a", "--threads", "two"}), "--threads: \"two\" is no whole number");
  EXPECT_THAT(Program().Refusal({"run", "a", "--progress", "loud"}), HasSubstr("auto, bar, plain, json, none"));
}

TEST(HelpTest, AnOptionWithoutItsValueIsNamed) {
  const Program program;
  const auto message = [&](std::vector<const char*> words) { return MissingValueMessage(program.app, words); };
  EXPECT_THAT(message({"run", "a", "--output=", "--no-thumbnails"}),
              testing::StartsWith("--output: a value is wanted"));
  EXPECT_EQ(message({"run", "a", "--output=b", "--exclude", "x=", "--label-from=regex:(.)="}), "");
  EXPECT_EQ(message({"run", "a", "--output", "--no-thumbnails"}),
            "--output has no value; wanted --output URI; where --no-thumbnails is meant as the value, give "
            "--output=--no-thumbnails");
  EXPECT_EQ(message({"run", "a", "--update", "--no-thumbnails", "--output", "--", "--a"}),
            "--output has no value; wanted --output URI; where -- is meant as the value, give --output=--");
  EXPECT_EQ(message({"run", "fit", "--no-thumbnails", "--output", "b", "--exclude=--x", "--unknown", "--y"}), "");
  EXPECT_EQ(message({"run", "--", "--dashed="}), "");
  EXPECT_EQ(message({"run", "--", "--output", "--threads"}), "");
  EXPECT_EQ(message({}), "");
}

TEST(HelpTest, AFolderMayBeNamedLikeACommand) {
  EXPECT_EQ(Program().Refusal({"run", "fit", "--output", "run"}), "");
  EXPECT_EQ(Program().Refusal({"run", "--include", "*.jpg", "photos", "--include", "[ab]"}), "");
  EXPECT_EQ(Program().Refusal({"run", "--", "-dashed"}), "");
}

TEST(HelpTest, ThePageShowsEveryOptionInItsGroupWithItsDefault) {
  const Program program;
  const std::string page = HelpPage(*program.app.get_subcommand("run"));
  EXPECT_THAT(page, HasSubstr("usage: pomona run INPUT --output URI [OPTIONS]"));
  for (const OptionEntry& entry : OptionTable()) {
    EXPECT_THAT(page, HasSubstr("\n" + std::string(entry.group) + ":\n"));
    const std::string name = entry.name == "input" ? "INPUT" : "--" + std::string(entry.name);
    EXPECT_THAT(page, HasSubstr("\n  " + name));
  }
  EXPECT_THAT(page, HasSubstr("[vgg16]"));
  EXPECT_THAT(page, HasSubstr("\n  --update[=mirror] "));
  EXPECT_THAT(page, testing::Not(HasSubstr("{")));
  EXPECT_THAT(page, HasSubstr("Examples:\n  pomona run"));
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = std::min(page.find('\n', at), page.size());
    EXPECT_LE(end - at, 120U) << page.substr(at, end - at);
    at = end + 1;
  }
}

TEST(HelpTest, TheProgramListsItsCommands) {
  const Program program;
  const std::string page = HelpPage(program.app);
  for (const char* name : {"run", "features", "fit", "apply"}) EXPECT_THAT(page, HasSubstr("\n  " + std::string(name)));
  EXPECT_EQ(FullName(*program.app.get_subcommand("fit")), "pomona fit");
}

TEST(HelpTest, AnArgumentThatMayStandOftenOrNotAtAllIsInBrackets) {
  Program program;
  AddDoctorCommand(program.app, program.context);
  EXPECT_THAT(HelpPage(*program.app.get_subcommand("doctor")), HasSubstr("usage: pomona doctor [URI...] [OPTIONS]"));
}

}  // namespace
}  // namespace pomona::cli
