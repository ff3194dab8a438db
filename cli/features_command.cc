#include <memory>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/table_options.h"

namespace pomona::cli {
namespace {

struct Arguments {
  RunOptions options;
  ProgressMode progress = ProgressMode::kAuto;
};

bool Wanted(std::string_view name, std::string_view /*group*/) { return name != "components" && name != "variance"; }

}  // namespace

void AddFeaturesCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command =
      program.add_subcommand("features", "The first half of run: list, decode and extract features, without a fit.");
  const auto arguments = std::make_shared<Arguments>();
  AddTableOptions(*command, Wanted, &arguments->options);
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "Examples:\n"
      "  pomona features photos --output out\n"
      "  pomona features photos --output out --pooling avg --image-size 150x97\n"
      "  pomona fit out --components 30");
  command->callback([arguments, &context] {
    context.action = [arguments, &context] {
      arguments->options.extractor.model_cache = context.environment.model_cache;
      const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
        return Run(arguments->options, RunStages::kFeaturesOnly, progress, cancellation);
      };
      return RunJob(job, arguments->progress, context);
    };
  });
}

}  // namespace pomona::cli
