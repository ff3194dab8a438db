#include "pomona/storage/contained_name.h"

#include <algorithm>
#include <utility>

namespace pomona {
namespace {

bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\'; }

bool StaysInside(std::string_view name) {
  if (!std::all_of(name.begin(), name.end(), IsPlain)) return false;
  for (;;) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<ContainedName> ContainedName::Make(std::string_view name, std::string_view origin) {
  if (StaysInside(name)) return ContainedName(std::string(name));
  const std::string shown = Json(name).dump(-1, ' ', true, Json::error_handler_t::replace);
  return Status::IOError(origin, " names ", shown,
                         ", which is not a file inside the folder: nothing is read, written or deleted for it. Nothing "
                         "of Pomona's writes such a name; do not trust this folder");
}

Result<std::vector<std::string>> ContainedNames(const Json& object, std::string_view key, std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const auto texts, JsonField<std::vector<std::string>>(object, key, origin));
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    ARROW_ASSIGN_OR_RAISE(const ContainedName name, ContainedName::Make(text, origin));
    names.push_back(name.text());
  }
  return names;
}

}  // namespace pomona
