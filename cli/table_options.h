#pragma once

#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/progress.h"
#include "pomona/pipeline/run_options.h"

namespace pomona::cli {

/// \brief Gives a command options of `OptionTable()`, in the table's order and groups.
///
/// \param[in] wanted says whether the option of that name and group belongs to the command
/// \param[out] options filled while the command line is read; outlives the command
void AddTableOptions(CLI::App& command, bool (*wanted)(std::string_view name, std::string_view group),
                     RunOptions* options);

/// \brief `--progress` and `--config`, which every long command has.
void AddProgramOptions(CLI::App& command, ProgressMode* progress);

}  // namespace pomona::cli
