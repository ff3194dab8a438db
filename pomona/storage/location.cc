#include "pomona/storage/location.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include <arrow/filesystem/localfs.h>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/arrow_store.h"
#include "pomona/storage/s3_store.h"
#include "pomona/storage/store_options.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

struct Scheme {
  std::string_view typed;
  std::string_view arrow;  ///< what Arrow's factory calls it
};

constexpr std::array kSchemes = {
    Scheme{"file", "file"}, Scheme{"s3", "s3"},         Scheme{"s3a", "s3"},      Scheme{"gs", "gs"},
    Scheme{"gcs", "gs"},    Scheme{"abfs", "abfs"},     Scheme{"abfss", "abfss"}, Scheme{"az", "abfs"},
    Scheme{"hdfs", "hdfs"}, Scheme{"viewfs", "viewfs"},
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsEscape(std::string_view text, std::size_t i) {
  return text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
}

void AppendEscaped(char c, std::string* text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  *text += '%';
  *text += kDigits[byte >> 4];
  *text += kDigits[byte & 15];
}

/// The path of a URI as RFC 3986 wants it: what people type without escapes is escaped, escapes are left.
std::string StrictUriPath(std::string_view path) {
  constexpr std::string_view kLegal = "-._~!$&'()*+,;=:@/";
  std::string strict;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kLegal.find(c) != std::string_view::npos || IsEscape(path, i);
    if (legal) {
      strict += c;
    } else {
      AppendEscaped(c, &strict);
    }
  }
  return strict;
}

/// A relative path as part of a URI that a person reads and `Parse` reads back.
std::string ReadableUriPath(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '%' || c == '?' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      AppendEscaped(c, &text);
    } else {
      text += c;
    }
  }
  return text;
}

/// The authority without its password; an S3 user is an access key and goes too.
std::string PlaceAuthority(const UriParts& parts) {
  const std::string host(parts.host());
  const std::string user(parts.user_info().substr(0, parts.user_info().find(':')));
  return user.empty() || parts.scheme.starts_with("s3") ? host : user + "@" + host;
}

/// What `Location::display` is: the URI without password and query.
std::string DisplayOf(const UriParts& parts, std::string_view typed) {
  const bool slashes = typed.substr(parts.scheme.size() + 1).starts_with("//");
  return ToValidUtf8(parts.scheme + (slashes ? "://" : ":") + PlaceAuthority(parts) + parts.path);
}

/// Removes empty and "." components; ".." stays, because a link may stand before it.
std::string WithoutDots(std::string_view path) {
  std::string clean = path.starts_with('/') ? "/" : "";
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (component.empty() || component == ".") continue;
    if (!clean.empty() && clean.back() != '/') clean += '/';
    clean += component;
  }
  return clean;
}

std::string JoinPath(std::string_view folder, std::string_view relative) {
  std::string joined(folder);
  if (!joined.empty() && joined.back() != '/' && !relative.empty()) joined += '/';
  joined += relative;
  return joined;
}

std::shared_ptr<arrow::fs::FileSystem> LocalFileSystem() {
  static const auto filesystem = std::make_shared<arrow::fs::LocalFileSystem>();
  return filesystem;
}

std::string KnownSchemes() {
  std::string names;
  for (const Scheme& scheme : kSchemes) names += (names.empty() ? "" : ", ") + std::string(scheme.typed) + "://";
  return names;
}

/// Fills file system and path. \param[in] uri strict, with the scheme as Arrow calls it
Status Open(const Scheme& scheme, const std::string& uri, Location* location) {
  if (scheme.arrow == "s3") {
    ARROW_ASSIGN_OR_RAISE(S3Place place, OpenS3(uri, CurrentStoreOptions()));
    location->filesystem = std::move(place.filesystem);
    location->s3 = std::move(place.client);
    location->path = std::move(place.path);
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(location->filesystem, OpenArrowStore(uri, CurrentStoreOptions(), &location->path));
  if (scheme.arrow == "file") {
    location->filesystem = LocalFileSystem();
    location->path = WithoutDots(location->path);
  }
  return Status::OK();
}

Result<Location> ParseUri(std::string_view text, std::string scheme) {
  const auto* known =
      std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& s) { return s.typed == scheme; });
  if (known == kSchemes.end()) {
    return UsageError("\"" + PublicUri(text) + "\": the scheme " + scheme +
                      ":// is not known; use a local path or one of " + KnownSchemes());
  }
  const UriParts parts = SplitUri(text, std::move(scheme));
  Location location;
  location.display = DisplayOf(parts, text);
  const std::string uri = std::string(known->arrow) + "://" + parts.authority +
                          (parts.path.empty() && parts.scheme == "file" ? "/" : "") + StrictUriPath(parts.path) +
                          parts.query;
  const Status opened = Open(*known, uri, &location);
  if (!opened.ok()) {
    const std::string message = location.display + ": cannot be opened: " + opened.message();
    return opened.IsInvalid() ? UsageError(message) : Status::IOError(message);
  }
  return location;
}

Result<Location> ParseLocal(std::string_view text) {
  Location location;
  location.filesystem = LocalFileSystem();
  location.display = ToValidUtf8(WithoutDots(text));
  if (text.starts_with('/')) {
    location.path = WithoutDots(text);
    return location;
  }
  std::error_code error;
  const fs::path here = fs::current_path(error);
  if (error) return Status::IOError("The current folder cannot be found: ", error.message());
  location.path = WithoutDots(JoinPath(here.native(), text));
  return location;
}

}  // namespace

Result<Location> Location::Parse(std::string_view text) {
  if (text.empty()) return UsageError("An empty path was given; use \".\" for the current folder");
  if (text.find('\0') != std::string_view::npos) return UsageError("A path cannot hold a zero byte");
  std::string scheme = SchemeOf(text);
  return scheme.empty() ? ParseLocal(text) : ParseUri(text, std::move(scheme));
}

Location Location::Child(std::string_view relative) const {
  const bool is_uri = !SchemeOf(display).empty();
  return {filesystem, JoinPath(path, relative),
          JoinPath(display, ToValidUtf8(is_uri ? ReadableUriPath(relative) : std::string(relative))), s3, beneath};
}

Location Location::Parent() const {
  const auto parent_of = [](const std::string& text) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string::npos) return std::string();
    return text.substr(0, slash == 0 ? 1 : slash);
  };
  return {filesystem, parent_of(path), display.empty() ? ".." : parent_of(display), s3, beneath};
}

std::string_view Location::name() const {
  const std::size_t slash = path.rfind('/');
  return std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
}

bool Location::is_local() const { return filesystem != nullptr && filesystem->type_name() == "local"; }

bool Contains(const Location& outer, const Location& inner) {
  // Stores of one kind count as one, whatever their options: a bucket reached by two endpoints must not be overwritten.
  if (outer.filesystem->type_name() != inner.filesystem->type_name()) return false;
  std::string folder = outer.path;
  std::string place = inner.path;
  if (outer.is_local()) {
    std::error_code error;
    if (const fs::path path = fs::weakly_canonical(folder, error); !error) folder = WithoutDots(path.native());
    if (const fs::path path = fs::weakly_canonical(place, error); !error) place = WithoutDots(path.native());
  }
  return place == folder || folder.empty() || folder == "/" || place.starts_with(folder + "/");
}

}  // namespace pomona
