#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/table_options.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/option_values.h"
#include "pomona/pipeline/pack.h"
#include "pomona/storage/s3_store.h"

namespace pomona::cli {
namespace {

struct Arguments {
  PackOptions options;
  std::string format = "tar";
  std::string shard_bytes = "256MB";
  ProgressMode progress = ProgressMode::kAuto;
};

bool Wanted(std::string_view name, std::string_view /*group*/) { return TakenByPack(name); }

Result<int> PackImages(Arguments& arguments, const CommandContext& context) {
  PackOptions& options = arguments.options;
  const Status parsed = option_values::Bytes(Json(arguments.shard_bytes), &options.shard_bytes);
  if (!parsed.ok() || options.shard_bytes <= 0) {
    return UsageError("--shard-bytes: " + arguments.shard_bytes + " is no size");
  }
  options.format = arguments.format == "tar" ? PackFormat::kTar : PackFormat::kParquet;
  const Job job = [&](ProgressListener* progress, const Cancellation* cancellation) {
    return Pack(options, progress, cancellation);
  };
  ARROW_ASSIGN_OR_RAISE(const int code, RunJob(job, arguments.progress, context));
  const S3Requests requests = AllS3Requests();
  if (requests.get + requests.put + requests.list > 0) {
    std::cout << "S3 requests: " << HumanCount(requests.get) << " GET, " << HumanCount(requests.put) << " PUT, "
              << HumanCount(requests.list) << " LIST\n";
  }
  return code;
}

}  // namespace

void AddPackCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "pack", "Pack many small images into few large shards, which `run` reads with far fewer requests.");
  const auto arguments = std::make_shared<Arguments>();
  AddTableOptions(*command, Wanted, &arguments->options.images);
  command
      ->add_option("--format", arguments->format,
                   "What shards are: tar (WebDataset) or parquet (columns path, label and bytes).")
      ->type_name("tar|parquet")
      ->default_str("tar")
      ->check(CLI::IsMember({"tar", "parquet"}));
  command->add_option("--shard-bytes", arguments->shard_bytes, "Size that a shard grows to.")
      ->type_name("BYTES")
      ->default_str("256MB");
  AddProgramOptions(*command, &arguments->progress);
  command->footer(
      "Paths and labels are kept: a run on the shards gives the rows of a run on the images. Images that cannot\n"
      "be read are left out and named in quarantine.parquet.\n"
      "The same command goes on where an interrupted one stopped, and the shards are the same bytes; the options of\n"
      "Input, --format and --shard-bytes must be those it was begun with. Until the output has its _SUCCESS no\n"
      "command takes it for an INPUT.\n"
      "\n"
      "Examples:\n"
      "  pomona pack s3://bucket/raw --output s3://bucket/packed\n"
      "  pomona run s3://bucket/packed --output s3://bucket/results\n"
      "  pomona pack photos --output packed --format parquet --max-failures 2%\n"
      "\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more failures than --max-failures,\n"
      "130 interrupted.");
  command->callback(
      [arguments, &context] { context.action = [arguments, &context] { return PackImages(*arguments, context); }; });
}

}  // namespace pomona::cli
