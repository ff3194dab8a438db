#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/help.h"
#include "cli/signals.h"
#include "pomona/base/exhaustion.h"
#include "pomona/base/usage_error.h"
#include "pomona/base/visible_text.h"
#include "pomona/storage/store_options.h"

namespace pomona::cli {
namespace {

int Fail(int code, const std::string& message) {
  std::cerr << "error: " << VisibleText(message) << "\n";
  return code;
}

/// The one place where a status becomes an exit code.
int ExitCodeOf(const Status& status) {
  if (status.IsCancelled()) {
    std::cerr << "interrupted; run the same command again to go on\n";
    return kExitInterrupted;
  }
  return Fail(IsUsageError(status) ? kExitUsage : kExitFailed, MessageWithAdvice(status));
}

void AddCommands(CLI::App& program, CommandContext& context) {
  program.name("pomona");
  program.require_subcommand(0, 1);
  program.set_help_flag("--help,-h", "Print this help and exit");
  program.set_version_flag("--version", "pomona " POMONA_VERSION, "Print the version and exit");
  program.formatter_fn(
      [](const CLI::App* command, const std::string&, CLI::AppFormatMode) { return HelpPage(*command); });
  AddRunCommand(program, context);
  AddFeaturesCommand(program, context);
  AddFitCommand(program, context);
  AddApplyCommand(program, context);
  AddPackCommand(program, context);
  AddRetryFailedCommand(program, context);
  AddModelsCommand(program, context);
  AddDoctorCommand(program, context);
  program.footer(
      "Examples:\n"
      "  pomona run examples/fruits/Training --output out --extractor mobilenetv2-0.35\n"
      "  pomona apply out examples/fruits/Test --output out-test\n"
      "  pomona run --help");
}

int Main(int argc, const char* const* argv) {
  CommandContext context;
  context.environment = Environment::Read();
  CLI::App program(
      "Pomona turns a folder or bucket of labelled photographs into features and a reduced representation.");
  AddCommands(program, context);
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (argc > 1) {
    if (const std::string wrong = MissingValueMessage(program, arguments.subspan(1)); !wrong.empty()) {
      return Fail(kExitUsage, wrong);
    }
  }
  try {
    program.parse(argc, argv);
    if (!context.action) {
      std::cerr << HelpPage(ChosenCommand(program));
      return kExitUsage;
    }
    CancelOnSignals(&context.cancellation);
    StoreOptions stores = StoreOptions::From(context.environment);
    stores.retry.cancellation = &context.cancellation;
    const Status config = ApplyConfigFile(ChosenCommand(program), &stores);
    if (!config.ok()) return ExitCodeOf(config);
    SetStoreOptions(std::move(stores));
    const Result<int> code = context.action();
    return code.ok() ? *code : ExitCodeOf(code.status());
  } catch (const CLI::CallForHelp&) {
    std::cout << HelpPage(ChosenCommand(program));
    return kExitDone;
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << "\n";
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return Fail(kExitUsage, UsageMessage(program, error));
  } catch (const std::bad_alloc&) {
    return ExitCodeOf(OutOfMemoryError());
  } catch (const std::system_error& error) {
    return ExitCodeOf(NoThreadError(error));
  } catch (const std::exception& error) {
    return Fail(kExitFailed, std::string("unexpected: ") + error.what());
  }
}

}  // namespace
}  // namespace pomona::cli

// Only lack of memory is left to throw, and the standard gives the signature.
// NOLINTNEXTLINE(bugprone-exception-escape, misc-const-correctness)
int main(int argc, char** argv) {
  const int code = pomona::cli::Main(argc, argv);
  std::cout.flush();
  pomona::FinishStores();
  return code;
}
