#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/storage/file_io.h"

namespace pomona {

struct HttpOptions {
  /// CA file (PEM) for HTTPS. Empty: `SystemCaFile()`.
  std::filesystem::path ca_file;

  /// Milliseconds until the connection must stand.
  int connect_timeout_ms = 5000;

  /// A request that moves no byte for so many seconds is a stall.
  int stall_timeout_s = 10;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;                   ///< as sent: nothing in it is normalised
  std::vector<std::string> headers;  ///< "name: value"
  std::string_view body;             ///< outlives the call
  ByteBuffer* into = nullptr;        ///< where the body of a 2xx answer goes; null: `HttpResponse::body`
  std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max();  ///< that may go there
};

struct HttpResponse {
  long status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// \brief Requests over connections that are kept; no redirects, no retries.
///
/// Thread safety: calls may run together, each on its own connection.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// \return the answer, whatever its status; `ImageFailure` kTooLarge for a body beyond `most_bytes` or memory;
  /// `TransientError` for resets, stalls and bodies that broke off; IOError
  ///         that says what is wrong with TLS: an unknown CA, another host's certificate, no TLS at the port
  Result<HttpResponse> Send(const HttpRequest& request) const;

 private:
  void* Borrow() const;
  void Return(void* handle) const;

  HttpOptions options_;
  std::string ca_file_;
  mutable std::mutex mutex_;
  mutable std::vector<void*> idle_;  ///< curl handles
};

}  // namespace pomona
