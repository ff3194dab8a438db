#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona {

struct DownloadOptions {
  /// CA file (PEM) that the server's certificate must lead to. Empty: the first of the usual places of Debian, RHEL and
  /// Amazon Linux that exists.
  std::filesystem::path ca_file;

  /// What the file must be, in lower-case hexadecimal and bytes; empty or negative ones are not checked.
  std::string md5;
  std::string sha256;
  std::int64_t size = -1;

  /// Milliseconds until the connection must stand.
  int connect_timeout_ms = 5000;

  /// Give up when fewer than 1,000 bytes a second arrive for so many seconds.
  int stall_timeout_s = 15;

  /// Called a few times a second with the bytes that are there and the total (0 when unknown); may be empty.
  std::function<void(std::int64_t done, std::int64_t total)> progress;

  /// May be null.
  const Cancellation* cancellation = nullptr;
};

/// \brief Fetches a file over HTTPS (redirects only to HTTPS) and gives it its name once it was verified.
///
/// Bytes arrive in `<destination>.part`; where one is left from an earlier try, only the rest is asked for (RFC 9110,
/// Range). A `.part` file whose content proves wrong is removed. Only one process at a time may fetch to a destination.
///
/// \return IOError naming the URL and the reason: unreachable, certificate, HTTP status, size or checksum (both are
///         given); UsageError for another scheme or a missing CA file; Cancelled
Status DownloadHttps(const std::string& url, const std::filesystem::path& destination, const DownloadOptions& options);

/// \return the CA file that is taken when none is named, or "" when the system has none at a usual place
std::filesystem::path SystemCaFile();

}  // namespace pomona
