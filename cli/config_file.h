#pragma once

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "pomona/base/status.h"
#include "pomona/storage/store_options.h"

namespace pomona::cli {

/// \brief Adds `--config FILE.toml` to a command.
void AddConfigOption(CLI::App& command);

/// \brief Gives the options that the command line left out the values of the file that `--config` names.
///
/// Keys are the option names without dashes ("image-size" or "image_size"); `input` is the positional argument. Keys at
/// the top of the file serve every command that has such an option; a table named after a command, such as [fit],
/// serves that command only and wins. The table [storage] says how stores are reached, whatever the command. Does
/// nothing when the command has no `--config` or it was not given.
///
/// \return UsageError for a file that cannot be read or parsed, for an unknown key, with the nearest known one, and for
///         a value of the wrong type; CLI::ParseError is thrown as for the command line
Status ApplyConfigFile(CLI::App& command, StoreOptions* stores = nullptr);

/// \brief The same over text already read.
///
/// \param[in] origin names the file in errors
/// \param[out] stores gets what [storage] says; null only checks it
Status ApplyConfigText(CLI::App& command, std::string_view text, const std::string& origin,
                       StoreOptions* stores = nullptr);

}  // namespace pomona::cli
