#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

/// Whether an option decides numbers or rows (`kResult`), or may change at every call (`kRun`).
enum class OptionKind { kResult, kRun };

/// \brief One option of `pomona run`, as the command line, the configuration file, the stored options and the
/// documentation see it.
struct OptionEntry {
  std::string_view name;  ///< without the dashes; "input" is the positional argument
  OptionKind kind;
  std::string_view group;    ///< heading in the help text
  std::string_view value;    ///< what stands after the option in the help text; "" for a switch
  std::string_view preset;   ///< the default, for people; "" when there is none
  std::string_view help;     ///< one sentence
  bool repeatable = false;   ///< may be given several times; values add up
  bool compared_by = false;  ///< a result option that the plan compares by content, not by its text (`weights`)

  Json (*get)(const RunOptions& options);

  /// Takes text, as the command line has it, or the typed value of a configuration file. \return Invalid with what was
  /// got and what is wanted, without the option's name
  Status (*set)(const Json& value, RunOptions* options);
};

/// \brief The one list of options and of which is which.
std::span<const OptionEntry> OptionTable();

/// \return the entry, or null
const OptionEntry* FindOption(std::string_view name);

/// \brief Whether an option says how an image becomes features, which a model keeps.
///
/// Not those that say which images there are, how features are reduced, and how a run works; nor `weights`, which the
/// plan names by their hash.
bool DecidesFeatures(const OptionEntry& entry);

std::vector<std::string> OptionNames();

/// \brief Sets one option by name.
///
/// \return UsageError naming the option, what was got and what is wanted; for an unknown name, the nearest one
Status SetOption(std::string_view name, const Json& value, RunOptions* options);

/// \brief Every option of one kind with its value, in the order of the table.
Json OptionValues(const RunOptions& options, OptionKind kind);

/// \brief Checks what no single option can: values that contradict each other, or that no run could use.
Status ValidateOptions(const RunOptions& options);

/// \brief Compares result options with those an output was made with.
///
/// \param[in] output how the user typed it, for the message
/// \return UsageError that names every difference and the fix
Status CompareWithStored(const Json& stored, const Json& wanted, std::string_view output);

}  // namespace pomona
