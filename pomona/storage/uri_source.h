#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Who wrote a URI, which decides what it may say.
///
/// The user may name any host and say by a query how it is reached; the user's credentials go there. A URI out of data
/// (a row of a list, a stored option of an output or a model) names a bucket and a key: endpoints, TLS and accounts
/// come from the user alone. It holds no query, no password and no signature, and a host only where the user has named
/// that host: on the command line, in the configuration, or as one that is allowed.
///
/// Thread safety: const calls may run together.
class UriSource {
 public:
  /// The user.
  UriSource() = default;

  /// \brief Data.
  ///
  /// \param[in] allowed_hosts that data may name, as a URI has them: "host" or "host:port"; case does not matter
  static UriSource Data(std::vector<std::string> allowed_hosts);

  /// \brief Also allows the host of a place that the user named.
  UriSource With(const Location& place) &&;

  /// \brief `Location::Parse` of what this source may say; local paths always.
  ///
  /// \return UsageError with the URI in public (`PublicUri`), what is wrong and what to do; nothing is connected to
  Result<Location> Locate(std::string_view text) const;

  /// \brief The same, without opening it.
  Status Check(std::string_view text) const;

 private:
  Status CheckHost(std::string_view text, const std::string& host) const;
  bool Allows(const std::string& host) const;

  bool data_ = false;
  std::vector<std::string> hosts_;  ///< in lower case
};

}  // namespace pomona
