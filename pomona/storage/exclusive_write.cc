#include "pomona/storage/exclusive_write.h"

#include <optional>
#include <string>

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>

#include "pomona/base/json.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/azure_rest.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/http_client.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_answers.h"
#include "pomona/storage/s3_store.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

HttpOptions Http() {
  const StoreOptions& options = CurrentStoreOptions();
  return {options.ca_file, options.connect_timeout_ms, options.stall_timeout_s};
}

/// Google's token, "" where none is needed, nothing where none can be had.
std::optional<std::string> GoogleToken(const arrow::fs::GcsOptions& options) {
  if (options.credentials.anonymous()) return "";
  if (!options.credentials.access_token().empty()) return options.credentials.access_token();
  if (!CurrentStoreOptions().gs_access_token.empty()) return CurrentStoreOptions().gs_access_token;
  HttpOptions http = Http();
  http.connect_timeout_ms = 500;  // only Google's own machines have it
  HttpRequest request;
  request.url = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
  request.headers = {"Metadata-Flavor: Google"};
  const Result<HttpResponse> response = HttpClient(http).Send(request);
  if (!response.ok() || !response->ok()) return std::nullopt;
  const Result<Json> json = ParseJson(response->body, "metadata server");
  if (!json.ok()) return std::nullopt;
  const auto token = JsonField<std::string>(*json, "access_token", "metadata server");
  return token.ok() ? std::optional<std::string>(*token) : std::nullopt;
}

HttpRequest GoogleRequest(const arrow::fs::GcsOptions& options, const std::string& token, const Location& location) {
  const S3Name name = SplitS3Path(location.path);
  HttpRequest request;
  request.method = "POST";
  const std::string host = options.endpoint_override.empty() ? "storage.googleapis.com" : options.endpoint_override;
  request.url = (options.scheme.empty() ? "https" : options.scheme) + "://" + host + "/upload/storage/v1/b/" +
                UriEncode(name.bucket, false) +
                "/o?uploadType=media&ifGenerationMatch=0&name=" + UriEncode(name.key, false);
  request.headers = {"Content-Type: application/octet-stream"};
  if (!token.empty()) request.headers.push_back("Authorization: Bearer " + token);
  return request;
}

/// Sends a conditional write until there is an answer. \return whether this call wrote
Result<bool> SendConditional(const Location& location, HttpRequest request, std::string_view bytes) {
  request.body = bytes;
  const HttpClient http(Http());
  Retrier retrier(CurrentStoreOptions().retry);
  bool taken = false;
  int tries = 0;
  ARROW_RETURN_NOT_OK(retrier.Run([&]() -> Status {
    ++tries;
    ARROW_ASSIGN_OR_RAISE(const HttpResponse response, http.Send(request));
    taken = response.status == 412 || response.status == 409;
    if (response.ok() || taken) return Status::OK();
    const std::string said = std::to_string(response.status) + " to an exclusive write";
    if (IsTransientAnswer(response.status, "")) return TransientError("the store answered " + said);
    return Status::IOError("the store answered ", said, "; the permission to create objects is needed");
  }));
  if (!taken) return true;
  if (tries == 1) return false;
  ARROW_ASSIGN_OR_RAISE(const std::string there, ReadText(location));  // an earlier try may have arrived unseen
  return there == bytes;
}

Result<bool> WriteAndReadBack(const Location& location, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(location));
  if (kind != PlaceKind::kMissing) return false;
  ARROW_RETURN_NOT_OK(WriteAtomically(location, bytes));
  ARROW_ASSIGN_OR_RAISE(const std::string there, ReadText(location));
  return there == bytes;
}

}  // namespace

ExclusiveGuarantee ExclusiveGuaranteeOf(const Location& location) {
  if (location.is_local() || location.s3 != nullptr) return ExclusiveGuarantee::kAtomic;
  if (const auto* google = dynamic_cast<const arrow::fs::GcsFileSystem*>(location.filesystem.get())) {
    return GoogleToken(google->options()) ? ExclusiveGuarantee::kAtomic : ExclusiveGuarantee::kReadBack;
  }
  if (const auto* azure = dynamic_cast<const arrow::fs::AzureFileSystem*>(location.filesystem.get())) {
    return CanSignAzure(azure->options()) ? ExclusiveGuarantee::kAtomic : ExclusiveGuarantee::kReadBack;
  }
  return ExclusiveGuarantee::kReadBack;
}

Result<bool> WriteExclusivelyToStore(const Location& location, std::string_view bytes) {
  if (location.s3 != nullptr) {
    const S3Name name = SplitS3Path(location.path);
    return location.s3->PutIfAbsent(name.bucket, name.key, bytes);
  }
  if (const auto* google = dynamic_cast<const arrow::fs::GcsFileSystem*>(location.filesystem.get())) {
    const std::optional<std::string> token = GoogleToken(google->options());
    if (token) return SendConditional(location, GoogleRequest(google->options(), *token, location), bytes);
  }
  const auto* azure = dynamic_cast<const arrow::fs::AzureFileSystem*>(location.filesystem.get());
  if (azure != nullptr && CanSignAzure(azure->options())) {
    const HttpRequest put = AzureRequest(azure->options(), AzureCall::kPutIfAbsent, location.path, bytes.size());
    return SendConditional(location, put, bytes);
  }
  return WriteAndReadBack(location, bytes);
}

}  // namespace pomona
