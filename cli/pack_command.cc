#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/table_options.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/option_values.h"
#include "pomona/pipeline/pack.h"
#include "pomona/storage/s3_store.h"

namespace pomona::cli {
namespace {

struct Arguments {
  RunOptions options;
  std::string format = "tar";
  std::string shard_bytes = "256MB";
  ProgressMode progress = ProgressMode::kAuto;
};

bool Wanted(std::string_view name, std::string_view group) {
  return (group == "Input" && name != "no-exif-orientation" && name != "max-image-pixels") || name == "output";
}

Result<int> PackImages(const Arguments& arguments, const CommandContext& context) {
  std::int64_t shard_bytes = 0;
  const Status parsed = option_values::Bytes(Json(arguments.shard_bytes), &shard_bytes);
  if (!parsed.ok() || shard_bytes <= 0) return UsageError("--shard-bytes: " + arguments.shard_bytes + " is no size");
  std::unique_ptr<ProgressListener> listener =
      MakeProgress(arguments.progress, stderr, context.environment.plain_terminal);
  ARROW_ASSIGN_OR_RAISE(const PackSummary packed,
                        Pack(arguments.options, arguments.format == "tar" ? PackFormat::kTar : PackFormat::kParquet,
                             shard_bytes, listener.get(), &context.cancellation));
  listener.reset();
  std::cout << HumanCount(packed.images) << " images in " << HumanCount(packed.shards) << " shards, "
            << HumanBytes(static_cast<double>(packed.bytes)) << ", read back and compared\n";
  if (const std::string skipped = SkippedText(packed.skipped.ToJson()); !skipped.empty()) {
    std::cout << "skipped " << skipped << "\n";
  }
  const S3Requests requests = AllS3Requests();
  if (requests.get + requests.put + requests.list > 0) {
    std::cout << "S3 requests: " << HumanCount(requests.get) << " GET, " << HumanCount(requests.put) << " PUT, "
              << HumanCount(requests.list) << " LIST\n";
  }
  if (packed.unreadable == 0) return kExitDone;
  std::cout << HumanCount(packed.unreadable) << " images could not be read and were left out\n";
  return kExitFailed;
}

}  // namespace

void AddPackCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command = program.add_subcommand(
      "pack", "Pack many small images into few large shards, which `run` reads with far fewer requests.");
  const auto arguments = std::make_shared<Arguments>();
  AddTableOptions(*command, Wanted, &arguments->options);
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
      "Paths and labels are kept: a run on the shards gives the rows of a run on the images.\n"
      "\n"
      "Examples:\n"
      "  pomona pack s3://bucket/raw --output s3://bucket/packed\n"
      "  pomona run s3://bucket/packed --output s3://bucket/results\n"
      "\n"
      "Exit codes: 0 done, 1 failed, or images were left out, 2 wrong usage.");
  command->callback(
      [arguments, &context] { context.action = [arguments, &context] { return PackImages(*arguments, context); }; });
}

}  // namespace pomona::cli
