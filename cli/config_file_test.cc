#include "cli/config_file.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/table_options.h"
#include "pomona/base/usage_error.h"

namespace pomona::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A program with a `run` that has every option of the table and a `fit` that has two.
struct Program {
  CLI::App app{"a program", "pomona"};
  CLI::App* run = app.add_subcommand("run", "the job");
  CLI::App* fit = app.add_subcommand("fit", "a part of it");
  RunOptions options;
  RunOptions fit_options;
  ProgressMode progress = ProgressMode::kAuto;

  Program() {
    AddTableOptions(*run, [](std::string_view, std::string_view) { return true; }, &options);
    AddProgramOptions(*run, &progress);
    AddTableOptions(
        *fit, [](std::string_view name, std::string_view) { return name == "variance" || name == "threads"; },
        &fit_options);
    AddProgramOptions(*fit, &progress);
  }

  void Parse(std::vector<std::string> words) {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
  }
};

TEST(ConfigFileTest, SetsEveryKindOfOption) {
  Program program;
  program.Parse({"run"});
  ASSERT_TRUE(ApplyConfigText(*program.run, R"(
input = "photos"
output = "out"
image_size = 100
memory = "450MB"
max-failures = "2%"
variance = 0.95
include = ["*.jpg", "*.png"]
input-mean = [103.9, 116.8, 123.7]
no-exif-orientation = true
progress = "json"
)",
                              "job.toml")
                  .ok());
  EXPECT_EQ(program.options.input, "photos");
  EXPECT_EQ(program.options.output, "out");
  EXPECT_EQ(program.options.extractor.network.image_width, 100);
  EXPECT_EQ(program.options.memory, 450'000'000);
  EXPECT_DOUBLE_EQ(program.options.max_failures.share, 0.02);
  EXPECT_EQ(program.options.variance, 0.95);
  EXPECT_THAT(program.options.include, ElementsAre("*.jpg", "*.png"));
  EXPECT_EQ(program.options.extractor.input_mean, (std::array{103.9F, 116.8F, 123.7F}));
  EXPECT_FALSE(program.options.decode.apply_exif_orientation);
  EXPECT_EQ(program.progress, ProgressMode::kJson);
}

TEST(ConfigFileTest, TheCommandLineWins) {
  Program program;
  program.Parse({"run", "here", "--threads", "3", "--include", "a*"});
  ASSERT_TRUE(ApplyConfigText(*program.run, "input = 'there'\nthreads = 1\ninclude = ['b*']\nlimit = 5\n", "c").ok());
  EXPECT_EQ(program.options.input, "here");
  EXPECT_EQ(program.options.threads, 3);
  EXPECT_THAT(program.options.include, ElementsAre("a*"));
  EXPECT_EQ(program.options.limit, 5);
}

TEST(ConfigFileTest, ATableServesItsCommandAndWins) {
  const std::string text = "threads = 1\nlimit = 9\n[fit]\nthreads = 2\n[run]\ninput = 'x'\n";
  Program program;
  program.Parse({"fit"});
  ASSERT_TRUE(ApplyConfigText(*program.fit, text, "c").ok());
  EXPECT_EQ(program.fit_options.threads, 2);

  Program other;
  other.Parse({"run"});
  ASSERT_TRUE(ApplyConfigText(*other.run, text, "c").ok());
  EXPECT_EQ(other.options.threads, 1);
  EXPECT_EQ(other.options.input, "x");
}

struct WrongText {
  const char* text;
  const char* said;
};

TEST(ConfigFileTest, NamesFileKeyLineAndFix) {
  for (const auto& [text, said] : {
           WrongText{"thread = 1", "c.toml: unknown key thread (line 1); did you mean threads?"},
           WrongText{"\nimagesize = 1", "unknown key imagesize (line 2); did you mean image-size?"},
           WrongText{"qqqqqq = 1", "unknown key qqqqqq (line 1); see pomona run --help"},
           WrongText{"threads = 'many'", "--threads: \"many\" is no whole number (line 1)"},
           WrongText{"overwrite = 'yes'", "overwrite wants true or false (line 1)"},
           WrongText{"limit = 2020-01-01", "limit is a date or a table"},
           WrongText{"[runn]\nlimit = 1", "unknown table [runn]"},
           WrongText{"run = 1", "wanted a table [run]"},
           WrongText{"config = 'other.toml'", "unknown key config"},
           WrongText{"limit = ", "c.toml: "},
       }) {
    Program program;
    program.Parse({"run"});
    const Status status = ApplyConfigText(*program.run, text, "c.toml");
    EXPECT_TRUE(IsUsageError(status)) << text;
    EXPECT_THAT(status.message(), HasSubstr(said)) << text;
  }
}

TEST(ConfigFileTest, AMissingFileIsAUsageError) {
  Program program;
  program.Parse({"run", "--config", "/no/such.toml"});
  const Status status = ApplyConfigFile(*program.run);
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("--config: cannot read '/no/such.toml'"));
}

TEST(ConfigFile, StorageSaysHowStoresAreReached) {
  Program program;
  StoreOptions stores;
  const Status status = ApplyConfigText(
      *program.run, "[storage]\nendpoint = 'http://h:9000'\npath_style = true\nattempts = 3\nca_file = 'ca.pem'\n", "c",
      &stores);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(stores.endpoint, "http://h:9000");
  EXPECT_EQ(stores.path_style, true);
  EXPECT_EQ(stores.retry.attempts, 3);
  EXPECT_EQ(stores.ca_file, "ca.pem");
  for (const char* wrong : {"[storage]\nattempts = 0\n", "[storage]\nanonymous = 'x'\n", "[storage]\nnothing = 1\n",
                            "[storage]\nsecret_key = 'x'\n"}) {
    EXPECT_TRUE(IsUsageError(ApplyConfigText(*program.run, wrong, "c", &stores))) << wrong;
  }
}

}  // namespace
}  // namespace pomona::cli
