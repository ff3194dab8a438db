#include "pomona/storage/uri.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "pomona/base/text.h"

namespace pomona {
namespace {

constexpr std::string_view kHidden = "***";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// In these a user is a container, an account or a name; the key is its password.
bool UserIsPublic(std::string_view scheme) {
  constexpr std::array<std::string_view, 7> kSchemes = {"abfs", "abfss", "az", "gs", "gcs", "hdfs", "viewfs"};
  return std::find(kSchemes.begin(), kSchemes.end(), scheme) != kSchemes.end();
}

std::string PublicUserInfo(std::string_view scheme, std::string_view user_info) {
  if (!UserIsPublic(scheme)) return std::string(kHidden);
  const std::size_t colon = user_info.find(':');
  if (colon == std::string_view::npos) return std::string(user_info);
  return std::string(user_info.substr(0, colon + 1)).append(kHidden);
}

/// "?a=1&b" becomes "?a=***&***": a part without a value may be the secret itself.
std::string PublicQueryText(std::string_view query) {
  std::string shown;
  for (std::string_view rest = query.substr(1);;) {
    const std::size_t end = std::min(rest.find_first_of("&;"), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    shown += shown.empty() ? "?" : "&";
    if (equals != std::string_view::npos) shown.append(pair.substr(0, equals + 1));
    if (!pair.empty()) shown.append(kHidden);
    if (end == rest.size()) return shown;
    rest.remove_prefix(end + 1);
  }
}

/// Where the user info of a URI ends, whose text after "://" and before its query is `rest`; npos where there is none.
/// A password may hold a slash that should have been escaped: what follows a colon without being a port counts up to
/// the last '@'.
std::size_t EndOfUserInfo(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at != std::string_view::npos || colon == std::string_view::npos) return at;
  const std::string_view port = authority.substr(colon + 1);
  const bool is_port = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? at : rest.rfind('@');
}

}  // namespace

std::string_view UriParts::user_info() const {
  const std::size_t at = authority.rfind('@');
  return at == std::string::npos ? std::string_view() : std::string_view(authority).substr(0, at);
}

std::string_view UriParts::host() const {
  const std::size_t at = authority.rfind('@');
  return std::string_view(authority).substr(at == std::string::npos ? 0 : at + 1);
}

std::string SchemeOf(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return "";
  std::string scheme = LowerCase(text.substr(0, colon));
  const auto is_scheme_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  if (!std::all_of(scheme.begin(), scheme.end(), is_scheme_character)) return "";
  if (text.substr(colon).starts_with("://")) return scheme;
  return scheme == "file" && text.substr(colon).starts_with(":/") ? scheme : "";
}

UriParts SplitUri(std::string_view text, std::string scheme) {
  UriParts parts;
  std::string_view rest = text.substr(scheme.size() + 1);
  parts.scheme = std::move(scheme);
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    parts.query = rest.substr(mark);
    rest = rest.substr(0, mark);
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    parts.authority = rest.substr(0, slash);
    rest = rest.substr(slash);
  }
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  parts.path = rest;
  return parts;
}

std::string PublicMessage(std::string_view message) {
  constexpr std::string_view kEnds = " \t\r\n'\"<>";
  std::string shown;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find_first_of(kEnds), message.size());
    const std::string_view word = message.substr(0, end);
    shown += word.find("://") == std::string_view::npos ? std::string(word) : PublicUri(word);
    if (end < message.size()) shown += message[end];
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return shown;
}

std::string PublicUri(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return ToValidUtf8(text);
  const std::string_view head = text.substr(0, mark + 3);
  std::string_view rest = text.substr(mark + 3);
  const std::string scheme = LowerCase(head.substr(0, mark));
  const bool known = UserIsPublic(scheme) || scheme == "s3" || scheme == "s3a" || scheme == "file";
  std::string tail;
  if (const std::size_t at = rest.find('?'); at != std::string_view::npos) {
    tail = PublicQueryText(rest.substr(at));
    rest = rest.substr(0, at);
  }
  // Of Pomona's own schemes a '#' is part of the key; of others it may stand before a token.
  if (const std::size_t at = known ? std::string_view::npos : rest.find('#'); at != std::string_view::npos) {
    tail.insert(0, "#***");
    rest = rest.substr(0, at);
  }
  const std::size_t end = EndOfUserInfo(rest);
  std::string shown(head);
  if (end != std::string_view::npos) {
    shown.append(PublicUserInfo(scheme, rest.substr(0, end))).append("@");
    rest.remove_prefix(end + 1);
  }
  return ToValidUtf8(shown.append(rest).append(tail));
}

}  // namespace pomona
