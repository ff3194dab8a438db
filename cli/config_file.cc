#include "cli/config_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>
#include <vector>

#include <toml++/toml.h>

#include "cli/help.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/option_values.h"

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
  ConfigReader(CLI::App& command, const std::string& origin, StoreOptions* stores)
      : command_(command), origin_(origin), stores_(stores == nullptr ? &unused_ : stores) {}

  Status Apply(const toml::table& file) {
    if (const toml::node* own = file.get(command_.get_name())) {
      if (!own->is_table()) return Wrong("wanted a table [" + command_.get_name() + "]" + Line(*own));
      for (const auto& [key, node] : *own->as_table()) ARROW_RETURN_NOT_OK(ApplyKey(std::string(key.str()), node));
    }
    for (const auto& [name, node] : file) {
      const std::string key(name.str());
      if (node.is_table()) {
        if (key == "storage") ARROW_RETURN_NOT_OK(ApplyStorage(*node.as_table()));
        if (key == "storage" || IsSibling(key)) continue;
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
    const bool only_a_switch = option->get_expected_min() == 0 && option->get_type_name().empty();
    if (only_a_switch && !node.is_boolean()) {
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

  Status ApplyStorage(const toml::table& table) {
    for (const auto& [name, node] : table) {
      const std::string key(name.str());
      if (key.find("secret") != std::string::npos || key.find("key") != std::string::npos) {
        return Wrong("[storage] takes no secrets" + Line(node) + "; use environment variables, a profile or a role");
      }
      ARROW_ASSIGN_OR_RAISE(const std::string text, Scalar(key, node));
      if (!ApplyStorageKey(key, text, node)) {
        std::string wrong = "[storage] has no ";
        wrong.append(key).append(" = ").append(text).append(Line(node));
        return Wrong(wrong +
                     "; it takes endpoint, region, path_style, ca_file, anonymous, role, external_id, gs_endpoint, "
                     "gs_project, abfs_account, abfs_endpoint, attempts, retry_budget, connect_timeout, stall_timeout, "
                     "read_ahead, connections");
      }
    }
    return Status::OK();
  }

  /// \return false for an unknown key or a value of the wrong type
  bool ApplyStorageKey(const std::string& key, const std::string& text, const toml::node& node) {
    const std::map<std::string, std::string*> texts = {{"endpoint", &stores_->endpoint},
                                                       {"region", &stores_->region},
                                                       {"role", &stores_->role},
                                                       {"external_id", &stores_->external_id},
                                                       {"gs_endpoint", &stores_->gs_endpoint},
                                                       {"gs_project", &stores_->gs_project},
                                                       {"abfs_account", &stores_->abfs_account},
                                                       {"abfs_endpoint", &stores_->abfs_endpoint}};
    if (const auto found = texts.find(key); found != texts.end()) {
      *found->second = text;
      return node.is_string();
    }
    const std::int64_t number = node.value<std::int64_t>().value_or(0);
    const bool positive = node.is_integer() && number > 0 && number < 1'000'000'000;
    if (key == "ca_file") {
      stores_->ca_file = text;
      return node.is_string();
    }
    if (key == "path_style") {
      stores_->path_style = text == "true";
      return node.is_boolean();
    }
    if (key == "anonymous") {
      stores_->anonymous = text == "true";
      return node.is_boolean();
    }
    if (key == "read_ahead") {
      return option_values::Bytes(node.is_string() ? Json(text) : Json(number), &stores_->read_ahead).ok() &&
             stores_->read_ahead > 0;
    }
    if (!positive) return false;
    if (key == "retry_budget") {
      stores_->retry.budget = number;
      return true;
    }
    const std::map<std::string, int*> numbers = {{"attempts", &stores_->retry.attempts},
                                                 {"connections", &stores_->connections},
                                                 {"stall_timeout", &stores_->stall_timeout_s}};
    if (key == "connect_timeout") stores_->connect_timeout_ms = static_cast<int>(1000 * number);
    if (const auto found = numbers.find(key); found != numbers.end()) *found->second = static_cast<int>(number);
    return key == "connect_timeout" || numbers.contains(key);
  }

  CLI::App& command_;
  const std::string& origin_;
  StoreOptions unused_;
  StoreOptions* stores_;
};

}  // namespace

void AddConfigOption(CLI::App& command) {
  command.add_option(kConfig, "TOML file with the same names as these options; the command line wins.")
      ->type_name("FILE");
}

Status ApplyConfigText(CLI::App& command, std::string_view text, const std::string& origin, StoreOptions* stores) {
  try {
    const toml::table file = toml::parse(text, origin);
    return ConfigReader(command, origin, stores).Apply(file);
  } catch (const toml::parse_error& error) {
    return UsageError(origin + ": " + std::string(error.description()) + " (line " +
                      std::to_string(error.source().begin.line) + "); wanted TOML such as threads = 4");
  }
}

Status ApplyConfigFile(CLI::App& command, StoreOptions* stores) {
  const CLI::Option* option = command.get_option_no_throw(kConfig);
  if (option == nullptr || option->count() == 0) return Status::OK();
  const std::string path = option->results().front();
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    return UsageError("--config: '" + path + "' is not a regular file; wanted a TOML file");
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return UsageError("--config: cannot read '" + path + "'; wanted a TOML file");
  }
  return ApplyConfigText(command, text, path, stores);
}

}  // namespace pomona::cli
