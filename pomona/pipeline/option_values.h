#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/run_options.h"

/// \brief How the values of options are read and written; used by option_table.cc.
///
/// Every reader takes JSON: text as the command line has it, or the typed value of a configuration file or of stored
/// options. Null leaves an optional value unset. Errors are Invalid and say what was got and what is wanted.
namespace pomona::option_values {

Status Text(const Json& value, std::string* text);

/// \brief Adds one text or a list of them.
Status Texts(const Json& value, std::vector<std::string>* texts);

/// \brief Adds hosts: "host" or "host:port", several with commas between them, or a list of them.
Status Hosts(const Json& value, std::vector<std::string>* hosts);

/// \brief Sets a flag to `meaning` when the value is true, else to its opposite.
Status Switch(const Json& value, bool meaning, bool* flag);

Result<std::int64_t> ParseInteger(const Json& value, std::int64_t least);
Status Integer(const Json& value, std::int64_t least, std::int64_t* number);
Status Integer(const Json& value, std::int64_t least, int* number);
Status Integer(const Json& value, std::int64_t least, std::optional<std::int64_t>* number);

Status Number(const Json& value, double least, double most, double* number);
Status Number(const Json& value, double least, double most, std::optional<double>* number);

/// \brief One number for all three channels, or three; text separates them by commas.
Status Triple(const Json& value, std::optional<std::array<float, 3>>* numbers);

/// \brief A number of bytes; text may end in kB, MB, GB, TB (powers of 1,000) or KiB, MiB, GiB, TiB.
Status Bytes(const Json& value, std::int64_t* bytes);

/// \brief One of a few words; `from_name` knows them, `words` lists them for the message.
template <typename T>
Status Choice(const Json& value, std::optional<T> (*from_name)(std::string_view), std::string_view words,
              std::type_identity_t<T>* choice) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  const std::optional<T> found = from_name(text);
  if (!found) return Status::Invalid("\"", text, "\" is none of ", words);
  *choice = *found;
  return Status::OK();
}

std::string LabelRuleText(const LabelRule& rule);
Status ParseLabelRule(const Json& value, LabelRule* rule);

/// \return "WxH", or null for the extractor's own size
Json ImageSizeText(const NetworkOptions& network);
Status ParseImageSize(const Json& value, NetworkOptions* network);

std::string PrecisionText(const RunOptions& options);
Status ParsePrecision(const Json& value, RunOptions* options);

std::string EngineText(EngineChoice engine);
std::optional<EngineChoice> EngineFromText(std::string_view text);

Json ChannelOrderText(const std::optional<ChannelOrder>& order);
Status ParseChannelOrder(const Json& value, std::optional<ChannelOrder>* order);

std::string FailureLimitText(const FailureLimit& limit);
Status ParseFailureLimit(const Json& value, FailureLimit* limit);

/// \return "none", "keep" or "mirror"
std::string UpdateText(UpdateKind update);
Status ParseUpdate(const Json& value, UpdateKind* update);

}  // namespace pomona::option_values
