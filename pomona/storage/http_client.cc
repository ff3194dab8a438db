#include "pomona/storage/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <mutex>
#include <utility>

#include <curl/curl.h>

#include "pomona/base/exhaustion.h"
#include "pomona/storage/file_version.h"
#include "pomona/storage/https_download.h"
#include "pomona/storage/retry.h"

namespace pomona {
namespace {

/// The host and port of a URL, for messages: what comes after may hold a signature.
std::string HostOf(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, std::min(url.find_first_of("/?", start + 3), url.size())));
}

/// One request under way.
struct Exchange {
  const HttpRequest* request;
  HttpResponse response;
  CURL* curl;
  std::size_t received = 0;
  std::size_t sent = 0;
  Status refused;  ///< why no more of the body was taken
};

std::size_t TakeHeader(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // a 100 Continue may have come before
    exchange.response.headers.clear();
    return size * count;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  exchange.response.headers[name] = value;
  return size * count;
}

std::size_t TakeBody(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  long status = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.request->into == nullptr || status < 200 || status > 299) {
    exchange.response.body.append(data, bytes);
    return bytes;
  }
  const std::size_t wanted = exchange.received + bytes;
  if (static_cast<std::int64_t>(wanted) > exchange.request->most_bytes) {
    exchange.refused = TooManyBytes(-1, exchange.request->most_bytes);
    return 0;
  }
  // Nothing may be thrown through curl.
  exchange.refused = CatchExhaustion([&] { return exchange.request->into->ResizeForFile(wanted); });
  if (!exchange.refused.ok()) return 0;
  std::memcpy(exchange.request->into->data() + exchange.received, data, bytes);
  exchange.received += bytes;
  return bytes;
}

std::size_t GiveBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = std::min(size * count, exchange.request->body.size() - exchange.sent);
  std::memcpy(data, exchange.request->body.data() + exchange.sent, bytes);
  exchange.sent += bytes;
  return bytes;
}

int RewindBody(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
  static_cast<Exchange*>(user)->sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

/// What is wrong with TLS, in words that tell one cause from the other.
Status TlsError(CURL* curl, CURLcode code, const std::string& host, const std::string& reason,
                const std::string& ca_file) {
  long verify = 0;
  curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verify);
  constexpr long kExpired = 10;  // X509_V_ERR_CERT_HAS_EXPIRED
  if (code == CURLE_SSL_CACERT_BADFILE) {
    return Status::IOError(host, ": the CA file ", ca_file, " cannot be read: ", reason,
                           "; name a PEM file with ca_file in [storage]");
  }
  if (code == CURLE_SSL_CONNECT_ERROR) {
    return Status::IOError(host, ": no TLS there (", reason, "): the port speaks plain HTTP, or another protocol; ",
                           "give an http:// endpoint if that is meant");
  }
  if (verify == kExpired) return Status::IOError(host, ": the server's certificate has expired (", reason, ")");
  if (reason.find("subject name") != std::string::npos || reason.find("does not match") != std::string::npos) {
    return Status::IOError(host, ": wrong host: the server's certificate is for another name (", reason,
                           "); use the name that is in the certificate");
  }
  return Status::IOError(host, ": wrong CA: the server's certificate leads to no authority in ", ca_file, " (", reason,
                         "); name the right PEM file with ca_file in [storage] or AWS_CA_BUNDLE");
}

Status TransportError(CURL* curl, CURLcode code, const std::string& host, std::string reason,
                      const std::string& ca_file) {
  if (reason.empty()) reason = curl_easy_strerror(code);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return TlsError(curl, code, host, reason, ca_file);
    case CURLE_SSL_CONNECT_ERROR:
      // A reset in the middle of a handshake has this code, too.
      if (reason.find("wrong version") != std::string::npos || reason.find("packet length") != std::string::npos ||
          reason.find("unknown protocol") != std::string::npos || reason.find("record layer") != std::string::npos) {
        return TlsError(curl, code, host, reason, ca_file);
      }
      return TransientError(host + ": " + reason);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return Status::IOError(host, ": ", reason);
    case CURLE_OPERATION_TIMEDOUT:
      return TransientError(host + ": stalled: " + reason);
    case CURLE_PARTIAL_FILE:
      return TransientError(host + ": the body is truncated: " + reason);
    default:
      return TransientError(host + ": " + reason);
  }
}

}  // namespace

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  ca_file_ = options_.ca_file.empty() ? SystemCaFile().string() : options_.ca_file.string();
}

HttpClient::~HttpClient() {
  for (void* handle : idle_) curl_easy_cleanup(handle);
}

void* HttpClient::Borrow() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      void* handle = idle_.back();
      idle_.pop_back();
      return handle;
    }
  }
  return curl_easy_init();
}

void HttpClient::Return(void* handle) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(handle);
}

Result<HttpResponse> HttpClient::Send(const HttpRequest& request) const {
  CURL* curl = Borrow();
  if (curl == nullptr) return Status::OutOfMemory("libcurl cannot start");
  curl_easy_reset(curl);  // keeps the connection
  std::array<char, CURL_ERROR_SIZE> reason{};
  Exchange exchange{&request, {}, curl};
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no round trip before a small body
  for (const std::string& header : request.headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // a key may hold ".."
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout_s));
  if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &GiveBody);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &RewindBody);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  const CURLcode code = curl_easy_perform(curl);
  Status status;
  if (code == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange.response.status);
    if (request.into != nullptr && exchange.response.ok()) request.into->Resize(exchange.received);
  } else if (!exchange.refused.ok()) {
    status = exchange.refused;
  } else {
    status = TransportError(curl, code, HostOf(request.url), reason.data(), ca_file_);
  }
  curl_slist_free_all(list);
  Return(curl);
  ARROW_RETURN_NOT_OK(status);
  return std::move(exchange.response);
}

}  // namespace pomona
