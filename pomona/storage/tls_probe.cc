#include "pomona/storage/tls_probe.h"

#include <string_view>

#include "pomona/storage/http_client.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

constexpr std::string_view kPlain = "http://";

/// An answer of TLS is anything but an error of the network, or the one that says that no TLS is spoken.
bool SpeaksTls(const HttpClient& http, const std::string& plain_url) {
  HttpRequest request;
  request.url = "https://" + plain_url.substr(kPlain.size());
  const Result<HttpResponse> response = http.Send(request);
  if (response.ok()) return true;
  return !IsTransient(response.status()) && response.status().message().find("no TLS there") == std::string::npos;
}

}  // namespace

Status LookAtTls(const std::string& url) {
  const StoreOptions& options = CurrentStoreOptions();
  const HttpClient http({options.ca_file, options.connect_timeout_ms, options.stall_timeout_s});
  if (url.starts_with(kPlain)) {
    if (!SpeaksTls(http, url)) return Status::OK();
    const std::string host = url.substr(kPlain.size(), url.find('/', kPlain.size()) - kPlain.size());
    return Status::IOError(host, ": plain HTTP was sent to a port that wants TLS; give an https:// endpoint");
  }
  HttpRequest request;
  request.url = url;
  const Status status = http.Send(request).status();
  return IsTransient(status) ? Status::OK() : status;
}

}  // namespace pomona
