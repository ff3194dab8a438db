#pragma once

#include <string>
#include <string_view>

namespace pomona {

/// \brief A URI in the parts that matter here; `authority` still holds user and password.
struct UriParts {
  std::string scheme;  ///< in lower case
  std::string authority;
  std::string path;   ///< as typed, with its leading slash, without trailing ones
  std::string query;  ///< with its '?', or ""

  /// The authority's user with its password, without the '@'; "" where there is none.
  std::string_view user_info() const;

  /// What of the authority is left: a host with its port, or a bucket.
  std::string_view host() const;
};

/// \brief The scheme of a text that is a URI, in lower case, or "" for a local path.
///
/// A URI is what has "scheme://"; "file:/x" is one too, because Java programs write it so.
std::string SchemeOf(std::string_view text);

/// \param[in] scheme what `SchemeOf(text)` says; not ""
UriParts SplitUri(std::string_view text, std::string scheme);

/// \brief A path or URI as everybody may see it: passwords, users that may be a key, the values of a query and a
/// fragment are "***". Everything else is as typed; bytes that are not UTF-8 are `%XX`.
///
/// Reports, logs, errors and stored files show URIs that come out of data by this function only. Whatever holds "://"
/// counts as a URI, whether or not its scheme is known.
std::string PublicUri(std::string_view text);

/// \brief A message of a store's library, with each URI in it as `PublicUri` shows it: they name URLs with signatures.
std::string PublicMessage(std::string_view message);

}  // namespace pomona
