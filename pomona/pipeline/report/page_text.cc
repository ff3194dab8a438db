#include "pomona/pipeline/report/page_text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pomona/base/text.h"
#include "pomona/base/visible_text.h"

namespace pomona {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::size_t kJsonStringBytes = 300;
constexpr std::size_t kJsonKeyBytes = 100;
constexpr std::size_t kJsonMembers = 60;
constexpr int kJsonValues = 2000;
constexpr int kJsonDepth = 8;

/// Bytes of the UTF-8 sequence with this first byte; the text is valid UTF-8.
std::size_t SequenceLength(char lead) {
  const auto byte = static_cast<std::uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// Bytes that a character takes in the page, once the JSON is dumped and escaped.
std::size_t CostInPage(std::string_view character) {
  if (character == "<" || character == ">" || character == "&") return 6;
  if (character == "\u2028" || character == "\u2029") return 6;
  if (character == "\"" || character == "\\") return 2;
  return character.size();
}

class JsonTrimmer {
 public:
  Json Trim(const Json& value, int depth) {
    --values_left_;
    if (value.is_string()) return TrimMiddle(value.get_ref<const std::string&>(), kJsonStringBytes);
    if (value.is_binary()) return Json(nullptr);
    if (!value.is_structured()) return value;
    if (depth >= kJsonDepth) return std::string(kEllipsis);
    return value.is_array() ? TrimArray(value, depth) : TrimObject(value, depth);
  }

 private:
  bool Full(std::size_t taken) const { return taken == kJsonMembers || values_left_ <= 0; }

  Json TrimArray(const Json& value, int depth) {
    Json trimmed = Json::array();
    for (const Json& member : value) {
      if (Full(trimmed.size())) {
        trimmed.push_back(std::string(kEllipsis) + " " + LeftOut(value.size() - trimmed.size()));
        break;
      }
      trimmed.push_back(Trim(member, depth + 1));
    }
    return trimmed;
  }

  Json TrimObject(const Json& value, int depth) {
    Json trimmed = Json::object();
    std::size_t taken = 0;
    for (const auto& [key, member] : value.items()) {
      if (Full(taken)) {
        trimmed[std::string(kEllipsis)] = LeftOut(value.size() - taken);
        break;
      }
      ++taken;
      trimmed[TrimMiddle(key, kJsonKeyBytes)] = Trim(member, depth + 1);
    }
    return trimmed;
  }

  static std::string LeftOut(std::size_t count) { return HumanCount(static_cast<long long>(count)) + " more"; }

  int values_left_ = kJsonValues;
};

}  // namespace

std::string TrimMiddle(std::string_view text, std::size_t limit) {
  std::string shown = VisibleText(text);
  std::vector<std::size_t> starts;  // of each character; then the end
  std::size_t cost = 0;
  for (std::size_t at = 0; at < shown.size(); at += SequenceLength(shown[at])) {
    starts.push_back(at);
    cost += CostInPage(std::string_view(shown).substr(at, SequenceLength(shown[at])));
  }
  if (cost <= limit) return shown;
  starts.push_back(shown.size());
  const auto character = [&](std::size_t i) {
    return std::string_view(shown).substr(starts[i], starts[i + 1] - starts[i]);
  };

  // The end of a path holds the file's name: it gets the larger part.
  const std::size_t room = limit > kEllipsis.size() ? limit - kEllipsis.size() : 0;
  const std::size_t head_room = room * 2 / 5;
  std::size_t head = 0;
  std::size_t used = 0;
  while (head + 1 < starts.size() && used + CostInPage(character(head)) <= head_room) {
    used += CostInPage(character(head++));
  }
  std::size_t tail = starts.size() - 1;
  while (tail > head && used + CostInPage(character(tail - 1)) <= room) used += CostInPage(character(--tail));
  return shown.substr(0, starts[head]) + std::string(kEllipsis) + shown.substr(starts[tail]);
}

Json TrimJson(const Json& value) { return JsonTrimmer().Trim(value, 0); }

std::string EscapeForScript(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size() + json.size() / 64);
  for (std::size_t i = 0; i < json.size(); ++i) {
    switch (json[i]) {
      case '<':
        escaped += "\\u003c";
        break;
      case '>':
        escaped += "\\u003e";
        break;
      case '&':
        escaped += "\\u0026";
        break;
      case '\xE2':  // U+2028 and U+2029 end a line in older JavaScript
        if (json.substr(i, 3) == "\u2028" || json.substr(i, 3) == "\u2029") {
          escaped += json[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
          i += 2;
          break;
        }
        [[fallthrough]];
      default:
        escaped += json[i];
    }
  }
  return escaped;
}

std::string InlineScript(std::string_view script) {
  constexpr std::string_view kEnd = "</script";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; };
  std::string inlined;
  inlined.reserve(script.size());
  while (true) {
    const auto found = std::search(script.begin(), script.end(), kEnd.begin(), kEnd.end(), same);
    inlined.append(script.begin(), found);
    if (found == script.end()) return inlined;
    inlined += "<\\";
    script.remove_prefix(static_cast<std::size_t>(found - script.begin()) + 1);
  }
}

}  // namespace pomona
