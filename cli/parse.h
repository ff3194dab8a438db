#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/pipeline/run_options.h"

namespace pomona::cli {

/// \file Values of options as people type them.
///
/// Each returns Invalid with what was got and what was wanted, without the option's name, which the caller puts in
/// front.

/// A whole number from `least` up; "10,000" and "10_000" are understood.
Result<std::int64_t> ParseCount(std::string_view text, std::int64_t least);

/// A finite decimal number.
Result<double> ParseNumber(std::string_view text);

/// Bytes: "450M", "450 MB" and "2G" count in powers of 1,000, "450MiB" in powers of 1,024, "4096" in bytes.
Result<std::int64_t> ParseBytes(std::string_view text);

/// A share above 0 and up to 1: "0.95" or "95%".
Result<double> ParseShare(std::string_view text);

struct ImageSize {
  int width = 0;
  int height = 0;
};

/// "224" or "200x150", width first, 1 to 65,535 pixels.
Result<ImageSize> ParseImageSize(std::string_view text);

/// "20" images or "2%" of those listed.
Result<FailureLimit> ParseFailureLimit(std::string_view text);

/// "parent", "none" or "regex:" with an expression of one group.
Result<LabelRule> ParseLabelRule(std::string_view text);

/// One number for all channels, or three with commas.
Result<std::array<float, 3>> ParseChannels(std::string_view text);

/// \brief One of a few words, which the error lists.
///
/// \param[in] from_name gives the value of a word, or nothing
template <typename T>
Result<T> ParseWord(std::string_view text, std::optional<T> (*from_name)(std::string_view), std::string_view words) {
  if (const std::optional<T> value = from_name(text)) return *value;
  return Status::Invalid("got '", text, "'; wanted one of ", words);
}

}  // namespace pomona::cli
