#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/table_options.h"
#include "pomona/base/usage_error.h"

namespace pomona::cli {
namespace {

struct Arguments {
  std::string features;
  RunOptions options;  ///< the options of this command that the table describes
  ProgressMode progress = ProgressMode::kAuto;
};

bool Wanted(std::string_view name, std::string_view /*group*/) {
  return name == "components" || name == "variance" || name == "output" || name == "overwrite" || name == "threads" ||
         name == "memory" || name == "csv-safe";
}

Result<FitOptions> FitOptionsFrom(const Arguments& arguments) {
  if (arguments.features.empty()) {
    return UsageError("FEATURES is missing: name the output of `pomona features` or `pomona run`");
  }
  FitOptions options;
  options.features = arguments.features;
  options.output = arguments.options.output.empty() ? arguments.features : arguments.options.output;
  options.components = arguments.options.components;
  options.variance = arguments.options.variance;
  options.threads = arguments.options.threads;
  options.memory = arguments.options.memory;
  options.overwrite = arguments.options.overwrite;
  options.csv_safe = arguments.options.csv_safe;
  return options;
}

}  // namespace

void AddFitCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "fit", "The second half of run: fit scaler and PCA over features, then write model, projection and report.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FEATURES", arguments->features, "The output of `pomona features` or `pomona run`.");
  AddTableOptions(*command, Wanted, &arguments->options);
  command->get_option("--output")->default_str("FEATURES itself");
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "Examples:\n"
      "  pomona fit out\n"
      "  pomona fit out --output out-95 --variance 0.95");
  command->callback([arguments, &context] {
    context.action = [arguments, &context]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const FitOptions options, FitOptionsFrom(*arguments));
      const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
        return Fit(options, progress, cancellation);
      };
      return RunJob(job, arguments->progress, context);
    };
  });
}

}  // namespace pomona::cli
