#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "pomona/base/cancellation.h"
#include "pomona/base/environment.h"
#include "pomona/base/status.h"

namespace pomona::cli {

/// How the program ends; scripts rely on these numbers.
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,            ///< the message names the option and the fix
  kExitTooManyFailures = 3,  ///< the same command with a higher --max-failures finishes
  kExitInterrupted = 130,    ///< the same command again goes on
};

/// \brief What every subcommand is given.
struct CommandContext {
  Environment environment;
  Cancellation cancellation;  ///< set by SIGINT and SIGTERM

  /// \brief What the chosen subcommand does; returns its exit code.
  ///
  /// A subcommand's CLI11 callback sets it, and `main` calls it once the command line and the configuration file are
  /// read. An error becomes exit code 2 for a `UsageError`, 130 for Cancelled, else 1, with its message on stderr.
  std::function<Result<int>()> action;
};

/// \brief Each adds one subcommand to the program.
///
/// The context outlives the program. Required options are checked in the action, not by CLI11, because --config may
/// bring them.
void AddRunCommand(CLI::App& program, CommandContext& context);
void AddFeaturesCommand(CLI::App& program, CommandContext& context);
void AddFitCommand(CLI::App& program, CommandContext& context);
void AddApplyCommand(CLI::App& program, CommandContext& context);
void AddPackCommand(CLI::App& program, CommandContext& context);
void AddRetryFailedCommand(CLI::App& program, CommandContext& context);
void AddModelsCommand(CLI::App& program, CommandContext& context);
void AddDoctorCommand(CLI::App& program, CommandContext& context);

}  // namespace pomona::cli
