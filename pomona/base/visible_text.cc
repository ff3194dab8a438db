#include "pomona/base/visible_text.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "pomona/base/text.h"

namespace pomona {
namespace {

/// The code point of the UTF-8 sequence of two or three bytes at `place`; 0 for others.
std::uint32_t CodePoint(std::string_view text, std::size_t place) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[place + i]); };
  if ((byte(0) & 0xE0U) == 0xC0U) return ((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU);
  if ((byte(0) & 0xF0U) != 0xE0U) return 0;
  return ((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
}

/// Controls above ASCII, marks of direction, separators of lines and paragraphs.
bool Misleads(std::uint32_t point) {
  return (point >= 0x80 && point < 0xA0) || point == 0x061C || point == 0x200E || point == 0x200F ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string VisibleText(std::string_view text) {
  const std::string valid = ToValidUtf8(text);
  std::string shown;
  shown.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(valid[i]);
    if (byte < 0x20 || byte == 0x7F) {
      shown += "\xE2\x90";
      shown += static_cast<char>(byte == 0x7F ? 0xA1 : 0x80 + byte);
    } else if (const std::uint32_t point = byte < 0xC0 ? 0 : CodePoint(valid, i); Misleads(point)) {
      std::array<char, 16> name{};
      std::snprintf(name.data(), name.size(), "[U+%04X]", static_cast<unsigned>(point));
      shown += name.data();
      i += point < 0x800 ? 1 : 2;
    } else {
      shown += valid[i];
    }
  }
  return shown;
}

}  // namespace pomona
