#include "pomona/base/json.h"

#include <algorithm>

namespace pomona {
namespace {

constexpr int kDeepest = 100;

/// How deep arrays and objects lie in each other; brackets inside texts do not count.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view origin) {
  // Whoever walks through a value calls itself for each level.
  if (DepthOf(text) > kDeepest) {
    return Status::Invalid(origin, " is not read: its values lie in each other more than ", kDeepest, " deep");
  }
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    return Status::Invalid(origin, " is not valid JSON: ", error.what());
  }
}

}  // namespace pomona
