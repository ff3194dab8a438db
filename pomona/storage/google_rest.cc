#include "pomona/storage/google_rest.h"

#include <chrono>
#include <mutex>

#include "pomona/base/json.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_store.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

/// The token of the machine's service account; only Google's own machines have one.
std::optional<std::string> AskMetadataServer() {
  const StoreOptions& options = CurrentStoreOptions();
  constexpr int kConnectTimeoutMs = 500;
  HttpRequest request;
  request.url = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
  request.headers = {"Metadata-Flavor: Google"};
  const HttpClient http({options.ca_file, kConnectTimeoutMs, options.stall_timeout_s});
  const Result<HttpResponse> response = http.Send(request);
  if (!response.ok() || !response->ok()) return std::nullopt;
  const Result<Json> json = ParseJson(response->body, "metadata server");
  if (!json.ok()) return std::nullopt;
  const auto token = JsonField<std::string>(*json, "access_token", "metadata server");
  return token.ok() ? std::optional<std::string>(*token) : std::nullopt;
}

}  // namespace

std::optional<std::string> GoogleToken(const arrow::fs::GcsOptions& options) {
  if (options.credentials.anonymous()) return "";
  if (!options.credentials.access_token().empty()) return options.credentials.access_token();
  if (!CurrentStoreOptions().gs_access_token.empty()) return CurrentStoreOptions().gs_access_token;
  using Clock = std::chrono::steady_clock;
  static std::mutex mutex;
  static std::optional<std::string> token;
  static Clock::time_point asked;
  const std::lock_guard lock(mutex);
  if (asked == Clock::time_point() || Clock::now() - asked > std::chrono::minutes(1)) {
    token = AskMetadataServer();
    asked = Clock::now();
  }
  return token;
}

HttpRequest GoogleUpload(const arrow::fs::GcsOptions& options, const std::string& token, const std::string& path,
                         bool only_if_absent) {
  const S3Name name = SplitS3Path(path);
  HttpRequest request;
  request.method = "POST";
  const std::string host = options.endpoint_override.empty() ? "storage.googleapis.com" : options.endpoint_override;
  request.url = (options.scheme.empty() ? "https" : options.scheme) + "://" + host + "/upload/storage/v1/b/" +
                UriEncode(name.bucket, false) + "/o?uploadType=media" + (only_if_absent ? "&ifGenerationMatch=0" : "") +
                "&name=" + UriEncode(name.key, false);
  request.headers = {"Content-Type: application/octet-stream"};
  if (!token.empty()) request.headers.push_back("Authorization: Bearer " + token);
  return request;
}

Status CheckGoogleUpload(const HttpResponse& response, std::size_t size) {
  const Result<Json> json = ParseJson(response.body, "answer");
  const Result<std::string> written =
      json.ok() ? JsonField<std::string>(*json, "size", "answer") : Result<std::string>(json.status());
  if (written.ok() && *written == std::to_string(size)) return Status::OK();
  return TransientError("the store's answer to an upload of " + std::to_string(size) + " bytes " +
                        (written.ok() ? "says that it wrote " + *written : "does not say how many it wrote"));
}

}  // namespace pomona
