#include "cli/config_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <toml++/toml.h>

#include "cli/help.h"
#include "pomona/base/usage_error.h"

namespace pomona::cli {
namespace {

constexpr const char* kConfig = "--config";

CLI::Option* FindOption(CLI::App& command, std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  if (key == "config" || key == "help") return nullptr;
  if (CLI::Option* option = command.get_option_no_throw("--" + key)) return option;
  std::transform(key.begin(), key.end(), key.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  return command.get_option_no_throw(key);  // a positional argument, which is written in capitals
}

std::string Line(const toml::node& node) { return " (line " + std::to_string(node.source().begin.line) + ")"; }

/// A string, number or truth value as it would be typed.
Result<std::string> Scalar(const std::string& key, const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto truth = node.value_exact<bool>()) return std::string(*truth ? "true" : "false");
  if (const auto whole = node.value_exact<std::int64_t>()) return std::to_string(*whole);
  if (const auto number = node.value_exact<double>()) {
    std::ostringstream text;
    text.precision(17);
    text << *number;
    return text.str();
  }
  return Status::Invalid(key, " is a date or a table; wanted a string, a number, true, false, or an array of them",
                         Line(node));
}

/// The values of a key; an array is several values, or one with commas where the option takes one.
Result<std::vector<std::string>> Values(const std::string& key, const toml::node& node, const CLI::Option& option) {
  std::vector<std::string> values;
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    ARROW_ASSIGN_OR_RAISE(std::string value, Scalar(key, node));
    values.push_back(std::move(value));
    return values;
  }
  for (const toml::node& element : *array) {
    ARROW_ASSIGN_OR_RAISE(std::string value, Scalar(key, element));
    values.push_back(std::move(value));
  }
  if (option.get_multi_option_policy() != CLI::MultiOptionPolicy::TakeAll && !values.empty()) {
    std::string joined = values.front();
    for (std::size_t i = 1; i < values.size(); ++i) joined += "," + values[i];
    values = {joined};
  }
  return values;
}

class ConfigReader {
 public:
  ConfigReader(CLI::App& command, const std::string& origin) : command_(command), origin_(origin) {}

  Status Apply(const toml::table& file) {
    if (const toml::node* own = file.get(command_.get_name())) {
      if (!own->is_table()) return Wrong("wanted a table [" + command_.get_name() + "]" + Line(*own));
      for (const auto& [key, node] : *own->as_table()) ARROW_RETURN_NOT_OK(ApplyKey(std::string(key.str()), node));
    }
    for (const auto& [name, node] : file) {
      const std::string key(name.str());
      if (node.is_table()) {
        if (IsSibling(key)) continue;
        return Wrong("unknown table [" + key + "]; tables are named after commands, such as [run]" + Line(node));
      }
      if (FindOption(command_, key) == nullptr && AnotherCommandHas(key)) continue;
      ARROW_RETURN_NOT_OK(ApplyKey(key, node));
    }
    return Status::OK();
  }

 private:
  Status Wrong(const std::string& message) const { return UsageError(origin_ + ": " + message); }

  CLI::App* Parent() const { return command_.get_parent(); }

  bool IsSibling(const std::string& name) const {
    return Parent() != nullptr &&
           !Parent()->get_subcommands([&](CLI::App* other) { return other->get_name() == name; }).empty();
  }

  bool AnotherCommandHas(const std::string& key) const {
    if (Parent() == nullptr) return false;
    const auto others = Parent()->get_subcommands([](CLI::App*) { return true; });
    return std::any_of(others.begin(), others.end(), [&](CLI::App* other) {
      return other->get_option_no_throw(kConfig) != nullptr && FindOption(*other, key) != nullptr;
    });
  }

  Status ApplyKey(const std::string& key, const toml::node& node) {
    CLI::Option* option = FindOption(command_, key);
    if (option == nullptr) {
      const std::string nearest = NearestOption(command_, key);
      return Wrong("unknown key " + key + Line(node) +
                   (nearest.empty() ? "; see " + FullName(command_) + " --help" : "; did you mean " + nearest + "?"));
    }
    if (option->count() > 0) return Status::OK();
    Result<std::vector<std::string>> values = Values(key, node, *option);
    if (!values.ok()) return Wrong(values.status().message());
    if (option->get_expected_min() == 0 && !node.is_boolean()) {
      return Wrong(key + " wants true or false" + Line(node));
    }
    if (values->empty()) return Status::OK();
    option->add_result(*std::move(values));
    try {
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      return Wrong(error.what() + Line(node));
    }
    return Status::OK();
  }

  CLI::App& command_;
  const std::string& origin_;
};

}  // namespace

void AddConfigOption(CLI::App& command) {
  command.add_option(kConfig, "TOML file with the same names as these options; the command line wins.")
      ->type_name("FILE");
}

Status ApplyConfigText(CLI::App& command, std::string_view text, const std::string& origin) {
  try {
    const toml::table file = toml::parse(text, origin);
    return ConfigReader(command, origin).Apply(file);
  } catch (const toml::parse_error& error) {
    return UsageError(origin + ": " + std::string(error.description()) + " (line " +
                      std::to_string(error.source().begin.line) + "); wanted TOML such as threads = 4");
  }
}

Status ApplyConfigFile(CLI::App& command) {
  const CLI::Option* option = command.get_option_no_throw(kConfig);
  if (option == nullptr || option->count() == 0) return Status::OK();
  const std::string path = option->results().front();
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return UsageError("--config: cannot read '" + path + "'; wanted a TOML file");
  }
  return ApplyConfigText(command, text, path);
}

}  // namespace pomona::cli
