#include "pomona/storage/rest_write.h"

#include <string>

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>

#include "pomona/storage/azure_rest.h"
#include "pomona/storage/google_rest.h"
#include "pomona/storage/http_client.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_answers.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

const arrow::fs::GcsFileSystem* AsGoogle(const Location& location) {
  return dynamic_cast<const arrow::fs::GcsFileSystem*>(location.filesystem.get());
}

const arrow::fs::AzureFileSystem* AsAzure(const Location& location) {
  return dynamic_cast<const arrow::fs::AzureFileSystem*>(location.filesystem.get());
}

std::optional<HttpRequest> RequestFor(const Location& location, std::size_t size, bool only_if_absent) {
  if (const auto* google = AsGoogle(location)) {
    const std::optional<std::string> token = GoogleToken(google->options());
    if (!token) return std::nullopt;
    return GoogleUpload(google->options(), *token, location.path, only_if_absent);
  }
  const auto* azure = AsAzure(location);
  if (azure == nullptr || !CanSignAzure(azure->options())) return std::nullopt;
  const AzureCall call = only_if_absent ? AzureCall::kPutIfAbsent : AzureCall::kPut;
  return AzureRequest(azure->options(), call, location.path, size);
}

Status CheckWritten(const Location& location, const HttpResponse& response, std::size_t size) {
  if (AsGoogle(location) != nullptr) return CheckGoogleUpload(response, size);
  constexpr long kCreated = 201;
  if (response.status == kCreated) return Status::OK();
  return TransientError("the store answered " + std::to_string(response.status) + " to an upload, which is no success");
}

}  // namespace

bool CanWriteByRest(const Location& location) { return RequestFor(location, 0, false).has_value(); }

Result<std::optional<RestWrite>> WriteByRest(const Location& location, std::string_view bytes, bool only_if_absent) {
  if (!CanWriteByRest(location)) return std::nullopt;
  const StoreOptions& options = CurrentStoreOptions();
  const HttpClient http({options.ca_file, options.connect_timeout_ms, options.stall_timeout_s});
  Retrier retrier(options.retry);
  bool taken = false;
  int tries = 0;
  ARROW_RETURN_NOT_OK(retrier.Run([&]() -> Status {
    ++tries;
    std::optional<HttpRequest> request = RequestFor(location, bytes.size(), only_if_absent);  // tokens and dates expire
    if (!request) return Status::IOError("the credentials for writing are there no more");
    request->body = bytes;
    ARROW_ASSIGN_OR_RAISE(const HttpResponse response, http.Send(*request));
    taken = only_if_absent && (response.status == 412 || response.status == 409);
    if (taken) return Status::OK();
    if (response.ok()) return CheckWritten(location, response, bytes.size());
    const std::string said = std::to_string(response.status) + " to a write";
    if (IsTransientAnswer(response.status, "")) return TransientError("the store answered " + said);
    return Status::IOError("the store answered ", said, "; the permission to create objects is needed");
  }));
  if (!taken) return RestWrite::kWritten;
  return tries == 1 ? RestWrite::kTaken : RestWrite::kNotKnown;
}

}  // namespace pomona
