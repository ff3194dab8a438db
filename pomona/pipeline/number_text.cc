#include "pomona/pipeline/number_text.h"

#include <array>
#include <charconv>

namespace pomona {

void AppendNumber(double value, std::string* text) {
  std::array<char, 32> buffer{};  // the longest double takes 24 characters
  const std::to_chars_result end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text->append(buffer.data(), end.ptr);
}

std::string NumberText(double value) {
  std::string text;
  AppendNumber(value, &text);
  return text;
}

std::optional<double> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace pomona
