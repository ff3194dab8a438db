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

}  // namespace

void AddRunCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "run", "The whole job: list, decode, extract features, fit scaler and PCA, project, write, report.");
  const auto arguments = std::make_shared<Arguments>();
  AddTableOptions(*command, [](auto, auto) { return true; }, &arguments->options);
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "The options of Input, Features and Reduction, --shard-size and --csv-safe decide the result: on an existing\n"
      "output they must be those it was made with. The others may change at every call. The same command\n"
      "goes on where an interrupted run stopped.\n"
      "\n"
      "Examples:\n"
      "  pomona run photos --output out\n"
      "  pomona run photos --output out --image-size 100 --components 30 --threads 8\n"
      "  pomona run photos --output out --extractor mobilenetv2-0.35 --variance 0.95\n"
      "  pomona run photos --output out --extractor network.onnx --output-node pool --input-mean 127.5\n"
      "  pomona run list.csv --output s3://bucket/features --max-failures 2%\n"
      "  pomona run photos --output out --update            (photos has more images by now)\n"
      "  pomona run photos --output out --config run.toml\n"
      "\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more failures than --max-failures,\n"
      "130 interrupted.");
  command->callback([arguments, &context] {
    context.action = [arguments, &context] {
      arguments->options.extractor.model_cache = context.environment.model_cache;
      const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
        return Run(arguments->options, RunStages::kAll, progress, cancellation);
      };
      return RunJob(job, arguments->progress, context);
    };
  });
}

}  // namespace pomona::cli
