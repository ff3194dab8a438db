#include "cli/help.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "pomona/base/text.h"

namespace pomona::cli {
namespace {

constexpr std::size_t kPageWidth = 100;
constexpr std::size_t kColumn = 30;

/// Words of `text` in lines of the page's width, each after the first indented to `column`.
std::string Wrapped(std::string_view text, std::size_t column) {
  std::string page;
  std::size_t at = column;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (at > column && at + 1 + word.size() > kPageWidth) {
      page += "\n" + std::string(column, ' ');
      at = column;
    } else if (at > column) {
      page += ' ';
      ++at;
    }
    page += word;
    at += word.size();
  }
  return page;
}

/// "  --name VALUE      what it means", with the meaning on a line of its own when the name is long.
std::string Entry(const std::string& name, std::string_view meaning) {
  std::string line = "  " + name;
  if (line.size() + 2 > kColumn) line += '\n';
  const std::size_t last = line.size() - (line.find('\n') == std::string::npos ? 0 : line.size());
  line += std::string(kColumn - last, ' ');
  return line + Wrapped(meaning, kColumn) + "\n";
}

std::string OptionEntry(const CLI::Option& option) {
  std::string name = option.get_positional() ? option.get_name(true, false) : option.get_name(false, true);
  std::replace(name.begin(), name.end(), ',', ' ');
  if (const std::size_t brace = name.find('{'); brace != std::string::npos) {
    name.erase(brace, name.find('}', brace) + 1 - brace);  // what a switch stands for when it is given without a value
  }
  if (!option.get_positional() && !option.get_type_name().empty()) {
    if (option.get_expected_min() > 0) name += ' ';
    name += option.get_type_name();
  }
  std::string meaning = option.get_description();
  if (!option.get_default_str().empty()) meaning += " [" + option.get_default_str() + "]";
  return Entry(name, meaning);
}

std::vector<const CLI::App*> Subcommands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

std::string UsageLine(const CLI::App& command) {
  std::string line = "usage: " + FullName(command);
  for (const CLI::Option* option : command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const std::string name = option->get_name(true, false);
    line += option->get_expected_max() > 1 ? " [" + name + "...]" : " " + name;
  }
  if (!Subcommands(command).empty()) line += " COMMAND";
  const CLI::Option* output = command.get_option_no_throw("--output");
  if (output != nullptr && output->get_default_str().empty()) line += " --output " + output->get_type_name();
  return line + " [OPTIONS]\n";
}

std::string CommandSuggestion(const CLI::App& command, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* sub : Subcommands(command)) names.push_back(sub->get_name());
  const std::string nearest = NearestWord(word, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

std::string UnknownArgument(const CLI::App& command, const std::string& argument) {
  const std::string help = "; see " + FullName(command) + " --help";
  if (argument.size() > 1 && argument.front() == '-') {
    std::string name = argument.substr(argument.find_first_not_of('-') == 1 ? 1 : 2);
    name.resize(std::min(name.find('='), name.size()));
    const std::string nearest = NearestOption(command, name);
    return "unknown option " + argument + (nearest.empty() ? help : "; did you mean --" + nearest + "?");
  }
  if (!Subcommands(command).empty()) {
    const std::string suggestion = CommandSuggestion(command, argument);
    return "unknown command '" + argument + "'" + (suggestion.empty() ? help : suggestion);
  }
  return "unexpected argument '" + argument + "'; a name with spaces needs quotes" + help;
}

std::string NoValue(const CLI::Option& option, const std::string& name) {
  return name + " has no value; wanted " + name + " " + option.get_type_name();
}

std::string WrongNumberOfValues(const CLI::Option& option, const std::string& name) {
  if (option.count() > 1) {
    return name + " is given " + std::to_string(option.count()) + " times; wanted once";
  }
  return NoValue(option, name);
}

/// The subcommand of this name, else the command itself.
const CLI::App* SubcommandOr(const CLI::App* command, const std::string& name) {
  const auto found = command->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
  return found.empty() ? command : found.front();
}

}  // namespace

std::string FullName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : FullName(*parent) + " " + command.get_name();
}

CLI::App& ChosenCommand(CLI::App& program) {
  CLI::App* chosen = &program;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  return *chosen;
}

std::string HelpPage(const CLI::App& command) {
  std::string page = Wrapped(command.get_description(), 0) + "\n\n" + UsageLine(command);
  const auto positionals = command.get_options([](const CLI::Option* option) { return option->get_positional(); });
  if (!positionals.empty()) page += '\n';
  for (const CLI::Option* option : positionals) page += OptionEntry(*option);
  if (const auto commands = Subcommands(command); !commands.empty()) {
    page += "\nCommands:\n";
    for (const CLI::App* sub : commands) page += Entry(sub->get_name(), sub->get_description());
  }
  std::vector<std::string> groups = command.get_groups();
  if (!groups.empty()) std::rotate(groups.begin(), groups.begin() + 1, groups.end());  // --help and its like come last
  for (const std::string& group : groups) {
    const auto options = command.get_options([&](const CLI::Option* option) {
      return !group.empty() && option->get_group() == group && option->nonpositional() && !option->get_positional();
    });
    if (options.empty()) continue;
    page += "\n" + group + ":\n";
    for (const CLI::Option* option : options) page += OptionEntry(*option);
  }
  if (!command.get_footer().empty()) page += "\n" + command.get_footer() + "\n";
  return page;
}

std::string NearestOption(const CLI::App& command, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back(known);
  }
  return NearestWord(name, names);
}

std::string MissingValueMessage(const CLI::App& program, std::span<const char* const> arguments) {
  const CLI::App* command = &program;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    if (argument == "--") break;
    if (!argument.starts_with("--")) {
      command = SubcommandOr(command, argument);
      continue;
    }
    if (argument.find('=') + 1 == argument.size()) {
      return argument.substr(0, argument.size() - 1) +
             ": a value is wanted behind the \"=\"; give one, or leave the option out";
    }
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    const CLI::Option* option = next.starts_with("--") ? command->get_option_no_throw(argument) : nullptr;
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    std::string message = NoValue(*option, argument);
    message += "; where " + next + " is meant as the value, give ";
    return message.append(argument).append("=").append(next);
  }
  return "";
}

std::string UsageMessage(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App& command = ChosenCommand(const_cast<CLI::App&>(program));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
      if (const std::vector<std::string> rest = app->remaining(); !rest.empty()) {
        return UnknownArgument(*app, rest.front());
      }
    }
  }
  std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string name = message.substr(0, message.find(':'));
    const CLI::Option* option = command.get_option_no_throw(name);
    if (option != nullptr) return WrongNumberOfValues(*option, name);
  }
  return message;
}

}  // namespace pomona::cli
