#include "pomona/storage/azure_rest.h"

#include <array>
#include <ctime>

#include "pomona/base/hash.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_answers.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

bool CanSignAzure(const arrow::fs::AzureOptions& options) {
  return !options.AccountKey().empty() || !options.SasToken().empty() || CurrentStoreOptions().anonymous;
}

HttpRequest AzureRequest(const arrow::fs::AzureOptions& options, AzureCall call, const std::string& path,
                         std::size_t size) {
  const bool put = call != AzureCall::kDelete;
  const bool absent = call == AzureCall::kPutIfAbsent;
  HttpRequest request;
  request.method = put ? "PUT" : "DELETE";
  request.url = options.AccountBlobUrl(options.account_name);
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/" + UriEncode(path, true);
  const std::size_t host_end = request.url.find('/', request.url.find("://") + 3);
  const std::string resource = "/" + options.account_name + request.url.substr(host_end);
  const std::string date = HttpDate();
  request.headers = {"x-ms-date: " + date, "x-ms-version: 2021-08-06"};
  const std::string type = put ? "application/octet-stream" : "";
  if (put) {
    for (const char* header : {"x-ms-blob-type: BlockBlob", "Content-Type: application/octet-stream"})
      request.headers.emplace_back(header);
    if (absent) request.headers.emplace_back("If-None-Match: *");
  }
  if (!options.AccountKey().empty()) {
    const std::string to_sign = request.method + "\n\n\n" + (size == 0 ? std::string() : std::to_string(size)) +
                                "\n\n" + type + "\n\n\n\n" + (absent ? "*" : "") + "\n\n\n" +
                                (put ? "x-ms-blob-type:BlockBlob\n" : "") + "x-ms-date:" + date +
                                "\nx-ms-version:2021-08-06\n" + resource;
    request.headers.push_back("Authorization: SharedKey " + options.account_name + ":" +
                              ToBase64(HmacSha256(FromBase64(options.AccountKey()), to_sign)));
  } else if (!options.SasToken().empty()) {
    const std::string token = options.SasToken();
    request.url += token.starts_with('?') ? token : "?" + token;
  }
  return request;
}

Status DeleteAzureBlob(const arrow::fs::AzureOptions& options, const std::string& path) {
  const StoreOptions& store = CurrentStoreOptions();
  const HttpClient http({store.ca_file, store.connect_timeout_ms, store.stall_timeout_s});
  Retrier retrier(store.retry);
  return retrier.Run([&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const HttpResponse response, http.Send(AzureRequest(options, AzureCall::kDelete, path, 0)));
    if (response.ok() || response.status == 404) return Status::OK();
    const std::string said = "the store answered " + std::to_string(response.status) + " to a removal";
    if (IsTransientAnswer(response.status, "")) return TransientError(said);
    return Status::IOError(said, "; the permission to delete blobs is needed");
  });
}

}  // namespace pomona
