#include "cli/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <regex>
#include <utility>

namespace pomona::cli {
namespace {

Status Wrong(std::string_view text, std::string_view wanted) {
  return Status::Invalid("got '", text, "'; wanted ", wanted);
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The whole text as a number, or nothing.
template <typename T>
std::optional<T> WholeText(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> Finite(std::string_view text) {
  const std::optional<double> value = WholeText<double>(Trimmed(text));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// Bytes of a unit such as "", "b", "kB", "M", "GiB"; 0 for an unknown one.
double UnitBytes(std::string_view unit) {
  std::string lower(unit);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (lower.empty() || lower == "b") return 1;
  constexpr std::string_view kPrefixes = "kmgt";
  const std::size_t place = kPrefixes.find(lower[0]);
  if (place == std::string_view::npos) return 0;
  const std::string rest = lower.substr(1);
  const auto exponent = static_cast<double>(place + 1);
  if (rest.empty() || rest == "b") return std::pow(1000.0, exponent);
  if (rest == "i" || rest == "ib") return std::pow(1024.0, exponent);
  return 0;
}

}  // namespace

Result<std::int64_t> ParseCount(std::string_view text, std::int64_t least) {
  std::string digits(Trimmed(text));
  std::erase_if(digits, [](char c) { return c == ',' || c == '_'; });
  const std::optional<std::int64_t> value = WholeText<std::int64_t>(digits);
  if (!value || *value < least) return Wrong(text, "a whole number of at least " + std::to_string(least));
  return *value;
}

Result<double> ParseNumber(std::string_view text) {
  if (const std::optional<double> value = Finite(text)) return *value;
  return Wrong(text, "a number such as 0.5");
}

Result<std::int64_t> ParseBytes(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  const std::size_t unit = std::min(trimmed.find_first_not_of("0123456789."), trimmed.size());
  const std::optional<double> number = Finite(trimmed.substr(0, unit));
  const double bytes = number ? *number * UnitBytes(Trimmed(trimmed.substr(unit))) : 0;
  if (bytes < 1 || bytes >= 9.2e18) return Wrong(text, "an amount of memory such as 800M, 2G or 1.5GiB");
  return static_cast<std::int64_t>(bytes);
}

Result<double> ParseShare(std::string_view text) {
  std::string_view number = Trimmed(text);
  const bool percent = number.ends_with('%');
  if (percent) number.remove_suffix(1);
  const std::optional<double> value = Finite(number);
  const double share = value ? (percent ? *value / 100 : *value) : 0;
  if (share <= 0 || share > 1) return Wrong(text, "a share above 0 and up to 1, such as 0.95 or 95%");
  return share;
}

Result<ImageSize> ParseImageSize(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  const std::size_t cross = trimmed.find_first_of("xX");
  const std::optional<int> width = WholeText<int>(trimmed.substr(0, cross));
  const std::optional<int> height = cross == std::string_view::npos ? width : WholeText<int>(trimmed.substr(cross + 1));
  const auto legal = [](std::optional<int> side) { return side && *side >= 1 && *side <= 65535; };
  if (!legal(width) || !legal(height)) return Wrong(text, "pixels such as 224, or width and height such as 200x150");
  return ImageSize{*width, *height};
}

Result<FailureLimit> ParseFailureLimit(std::string_view text) {
  constexpr std::string_view kWanted = "a number of images such as 20, or a share of them such as 2%";
  const std::string_view trimmed = Trimmed(text);
  FailureLimit limit;
  if (trimmed.ends_with('%')) {
    const std::optional<double> percent = Finite(trimmed.substr(0, trimmed.size() - 1));
    if (!percent || *percent < 0 || *percent > 100) return Wrong(text, kWanted);
    limit.share = *percent / 100;
    return limit;
  }
  const Result<std::int64_t> images = ParseCount(trimmed, 0);
  if (!images.ok()) return Wrong(text, kWanted);
  limit.images = *images;
  return limit;
}

Result<LabelRule> ParseLabelRule(std::string_view text) {
  if (text == "parent") return LabelRule{LabelRule::Kind::kParent, ""};
  if (text == "none") return LabelRule{LabelRule::Kind::kNone, ""};
  constexpr std::string_view kRegex = "regex:";
  if (!text.starts_with(kRegex)) {
    return Wrong(text, "parent, none, or regex: and an expression with one group, such as 'regex:([^/_]+)_[0-9]+'");
  }
  std::string pattern(text.substr(kRegex.size()));
  try {
    const std::regex expression(pattern, std::regex::ECMAScript);
    if (expression.mark_count() != 1) {
      return Wrong(text, "an expression with exactly one group, which is the label; this one has " +
                             std::to_string(expression.mark_count()) + "; write (?:...) for a group that is not it");
    }
  } catch (const std::regex_error& error) {
    return Wrong(text, std::string("a regular expression (ECMAScript): ") + error.what());
  }
  return LabelRule{LabelRule::Kind::kRegex, std::move(pattern)};
}

Result<std::array<float, 3>> ParseChannels(std::string_view text) {
  std::array<float, 3> channels{};
  std::size_t count = 0;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::optional<double> value = Finite(rest.substr(0, comma));
    if (!value || count == channels.size()) break;
    channels[count++] = static_cast<float>(*value);
    if (comma != std::string_view::npos) {
      rest.remove_prefix(comma + 1);
      continue;
    }
    if (count == 1) channels.fill(channels[0]);
    if (count == 2) break;
    return channels;
  }
  return Wrong(text, "one number, or three with commas, such as 123.68,116.779,103.939");
}

}  // namespace pomona::cli
