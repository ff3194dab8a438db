#include "cli/table_options.h"

#include <memory>
#include <string>

#include "cli/config_file.h"
#include "pomona/pipeline/option_table.h"

namespace pomona::cli {
namespace {

void Set(const OptionEntry& entry, const Json& value, RunOptions* options) {
  const Status status = SetOption(entry.name, value, options);
  if (!status.ok()) throw CLI::ValidationError(status.message(), CLI::ExitCodes::ValidationError);
}

CLI::Option* AddOption(CLI::App& command, const OptionEntry& entry, RunOptions* options) {
  const std::string help(entry.help);
  if (entry.value.empty()) {
    const auto set = [&entry, options](std::int64_t count) { Set(entry, count > 0, options); };
    return command.add_flag_function("--" + std::string(entry.name), set, help);
  }
  if (entry.value.starts_with("[=")) {  // with or without a value; one that stands apart would be the next argument
    const auto text = std::make_shared<std::string>();
    CLI::Option* option = command.add_flag("--" + std::string(entry.name) + "{keep}", *text, help);
    option->each([text, &entry, options](const std::string& value) { Set(entry, value, options); });
    return option->type_name(std::string(entry.value));
  }
  const auto set = [&entry, options](const CLI::results_t& values) {
    for (const std::string& value : values) Set(entry, value, options);
    return true;
  };
  const bool positional = entry.name == "input";
  CLI::Option* option = command.add_option(positional ? "INPUT" : "--" + std::string(entry.name), set, help);
  option->type_name(std::string(entry.value))->default_str(std::string(entry.preset));
  if (entry.repeatable) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return option;
}

}  // namespace

void AddTableOptions(CLI::App& command, bool (*wanted)(std::string_view name, std::string_view group),
                     RunOptions* options) {
  for (const OptionEntry& entry : OptionTable()) {
    if (!wanted(entry.name, entry.group)) continue;
    AddOption(command, entry, options)->group(std::string(entry.group));
  }
}

void AddProgramOptions(CLI::App& command, ProgressMode* progress) {
  const auto set = [progress](const CLI::results_t& values) {
    const std::optional<ProgressMode> mode = ProgressModeFromName(values.front());
    if (!mode) {
      throw CLI::ValidationError("--progress: \"" + values.front() + "\" is none of auto, bar, plain, json, none",
                                 CLI::ExitCodes::ValidationError);
    }
    *progress = *mode;
    return true;
  };
  command
      .add_option("--progress", set,
                  "How progress is shown on stderr: auto (a bar on a terminal, else plain), bar, plain, json, none.")
      ->type_name("MODE")
      ->default_str("auto");
  AddConfigOption(command);
}

}  // namespace pomona::cli
