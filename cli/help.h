#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace pomona::cli {

/// \brief The help page of a command: what it does, how it is called, options by group, examples.
///
/// Lines are wrapped at 100 columns. A command's footer holds its examples.
std::string HelpPage(const CLI::App& command);

/// \brief The command's name with those above it: "pomona models fetch".
std::string FullName(const CLI::App& command);

/// \brief The subcommand that the command line chose, the deepest one; the program itself when there is none.
CLI::App& ChosenCommand(CLI::App& program);

/// \brief One line for an option without its value, which CLI11 would fill with the next argument; "" for none.
///
/// Its value is missing where nothing is behind its "=", or where it has none and another option follows.
///
/// \param[in] arguments the command line without the program's name; what follows "--" is not looked at
std::string MissingValueMessage(const CLI::App& program, std::span<const char* const> arguments);

/// \brief One line for a command line that CLI11 refused: what was got, what was wanted, what to do.
///
/// An unknown command or option brings the nearest known one.
std::string UsageMessage(const CLI::App& program, const CLI::ParseError& error);

/// \brief The command's option that is nearest to a mistyped name, or ""; both without dashes.
std::string NearestOption(const CLI::App& command, const std::string& name);

}  // namespace pomona::cli
