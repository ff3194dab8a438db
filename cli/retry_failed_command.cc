#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/table_options.h"

namespace pomona::cli {
namespace {

struct Arguments {
  RunOptions options;
  ProgressMode progress = ProgressMode::kAuto;
};

/// What may differ from the run that made the output.
bool Wanted(std::string_view name, std::string_view /*group*/) {
  constexpr std::array kWanted = {"weights", "max-failures", "no-thumbnails", "self-contained",
                                  "threads", "memory",       "allow-hosts"};
  return std::find(kWanted.begin(), kWanted.end(), name) != kWanted.end();
}

}  // namespace

void AddRetryFailedCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "retry-failed", "Read the images in quarantine again, and make the output what it would be had they not failed.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("OUTPUT", arguments->options.output, "The output of `pomona run` or `pomona features`.");
  command->add_option("--input", arguments->options.input, "Where the images lie now, if no longer where they were.")
      ->type_name("URI");
  AddTableOptions(*command, Wanted, &arguments->options);
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "Only the images in quarantine are read, also those that were replaced since, which is said. All options that\n"
      "decide the result are those the output was made with.\n"
      "\n"
      "Examples:\n"
      "  pomona retry-failed out\n"
      "  pomona retry-failed s3://bucket/features --max-failures 2%");
  command->callback([arguments, &context] {
    context.action = [arguments, &context] {
      arguments->options.extractor.model_cache = context.environment.model_cache;
      const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
        return RetryFailed(arguments->options, progress, cancellation);
      };
      return RunJob(job, arguments->progress, context);
    };
  });
}

}  // namespace pomona::cli
