#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/table_options.h"
#include "pomona/base/usage_error.h"

namespace pomona::cli {
namespace {

struct Arguments {
  ApplyOptions options;
  ProgressMode progress = ProgressMode::kAuto;
};

/// What the model does not decide: which images, where to, and how fast.
bool Wanted(std::string_view name, std::string_view /*group*/) {
  constexpr std::array kDecidedByModel = {"extractor",   "image-size",  "resample",       "no-exif-orientation",
                                          "pooling",     "precision",   "engine",         "min-similarity",
                                          "output-node", "input-scale", "input-mean",     "channel-order",
                                          "components",  "variance",    "self-contained", "update"};
  return std::find(kDecidedByModel.begin(), kDecidedByModel.end(), name) == kDecidedByModel.end();
}

}  // namespace

void AddApplyCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "apply", "Project new images, or features already extracted, with the model that run or fit has saved.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->options.model, "The output of `pomona run` or `pomona fit`, or its model/.");
  AddTableOptions(*command, Wanted, &arguments->options.run);
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "What the features depend on (extractor, weights, size, resample, precision) is taken from the model.\n"
      "\n"
      "Examples:\n"
      "  pomona apply out new-photos --output out-new\n"
      "  pomona apply out/model s3://bucket/new --output s3://bucket/projected");
  command->callback([arguments, &context] {
    context.action = [arguments, &context]() -> Result<int> {
      if (arguments->options.model.empty()) {
        return UsageError("MODEL is missing: name the output of `pomona run` or `pomona fit`, or its model folder");
      }
      arguments->options.run.extractor.model_cache = context.environment.model_cache;
      const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
        return Apply(arguments->options, progress, cancellation);
      };
      return RunJob(job, arguments->progress, context);
    };
  });
}

}  // namespace pomona::cli
