#include "pomona/storage/arrow_store.h"

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>
#include <arrow/io/interfaces.h>

#include "pomona/base/failure.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/azure_rest.h"
#include "pomona/storage/hdfs_store.h"
#include "pomona/storage/https_download.h"
#include "pomona/storage/tls_probe.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

/// The libraries of Google and Microsoft look for certificates where the system that built them has them.
Status InitialiseTls(const StoreOptions& options) {
  static std::once_flag once;
  static Status status;
  std::call_once(once, [&] {
    arrow::fs::FileSystemGlobalOptions tls;
    tls.tls_ca_file_path = options.ca_file.empty() ? SystemCaFile().string() : options.ca_file.string();
    if (!tls.tls_ca_file_path.empty()) status = arrow::fs::Initialize(tls);
  });
  return status;
}

bool HasArgument(std::string_view uri, std::string_view name) {
  const std::size_t mark = uri.find('?');
  if (mark == std::string_view::npos) return false;
  const std::string_view query = uri.substr(mark);
  return query.find("?" + std::string(name) + "=") != std::string_view::npos ||
         query.find("&" + std::string(name) + "=") != std::string_view::npos;
}

void AddArgument(const std::string& name, const std::string& value, std::string* uri) {
  if (HasArgument(*uri, name)) return;
  *uri += (uri->find('?') == std::string::npos ? "?" : "&") + name + "=" + UriEncode(value, false);
}

struct Endpoint {
  std::string scheme = "https";
  std::string host;
};

Endpoint SplitEndpoint(const std::string& text) {
  const std::size_t mark = text.find("://");
  Endpoint endpoint;
  if (mark != std::string::npos) endpoint.scheme = text.substr(0, mark);
  endpoint.host = mark == std::string::npos ? text : text.substr(mark + 3);
  while (endpoint.host.ends_with('/')) endpoint.host.pop_back();
  return endpoint;
}

Result<std::shared_ptr<arrow::fs::FileSystem>> OpenGoogle(std::string uri, const StoreOptions& options,
                                                          std::string* path) {
  const std::size_t after = std::string_view("gs://").size();
  if (options.anonymous && uri.find('@', after) > uri.find('/', after)) uri.insert(after, "anonymous@");
  if (!options.gs_endpoint.empty()) {
    const Endpoint endpoint = SplitEndpoint(options.gs_endpoint);
    AddArgument("scheme", endpoint.scheme, &uri);
    AddArgument("endpoint_override", endpoint.host, &uri);
  }
  AddArgument("retry_limit_seconds", "1", &uri);  // the rest of the patience is our own
  if (!options.gs_project.empty()) AddArgument("project", options.gs_project, &uri);
  ARROW_ASSIGN_OR_RAISE(const auto google, arrow::fs::GcsOptions::FromUri(uri, path));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::fs::FileSystem> filesystem, arrow::fs::GcsFileSystem::Make(google));
  return filesystem;
}

Result<std::shared_ptr<arrow::fs::FileSystem>> OpenAzure(std::string uri, const StoreOptions& options,
                                                         std::string* path) {
  const std::size_t after = uri.find("://") + 3;
  const std::size_t end = std::min(uri.find_first_of("/?", after), uri.size());
  const std::string authority = uri.substr(after, end - after);
  const std::string user = authority.substr(0, authority.find('@'));
  const bool has_key = authority.find('@') != std::string::npos && user.find(':') != std::string::npos;
  if (has_key || HasArgument(uri, "client_secret")) {
    return UsageError(
        "an abfs:// URI must not hold a key or secret, where everybody can read it; set AZURE_STORAGE_KEY, or "
        "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
  }
  const bool names_account = authority.find_first_of("@.") != std::string::npos;
  if (!names_account && !options.abfs_account.empty()) uri.insert(after, options.abfs_account + "@");
  if (!options.abfs_endpoint.empty()) {
    const Endpoint endpoint = SplitEndpoint(options.abfs_endpoint);
    AddArgument("blob_storage_authority", endpoint.host, &uri);
    AddArgument("dfs_storage_authority", endpoint.host, &uri);
    if (endpoint.scheme == "http") AddArgument("enable_tls", "false", &uri);
  }
  ARROW_ASSIGN_OR_RAISE(auto azure, arrow::fs::AzureOptions::FromUri(uri, path));
  if (options.anonymous) {
    ARROW_RETURN_NOT_OK(azure.ConfigureAnonymousCredential());
  } else if (!options.abfs_key.empty()) {
    ARROW_RETURN_NOT_OK(azure.ConfigureAccountKeyCredential(options.abfs_key));
  } else if (!options.abfs_sas_token.empty()) {
    ARROW_RETURN_NOT_OK(azure.ConfigureSASCredential(options.abfs_sas_token));
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::fs::FileSystem> filesystem, arrow::fs::AzureFileSystem::Make(azure));
  return filesystem;
}

bool HasAny(const Status& status, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return status.message().find(word) != std::string::npos; });
}

}  // namespace

bool ArrowErrorIsForGood(const Status& status) {
  if (FailureCodeOf(status) || IsUsageError(status)) return true;
  // Under other types than that of errors of input and output: a stream that broke off and was closed, an answer that
  // is none.
  constexpr std::array<std::string_view, 5> kBroken = {"closed file", "closed stream", "JSON", "json", "parse"};
  if (!status.IsIOError() && !status.IsUnknownError()) return !HasAny(status, kBroken);
  constexpr std::array<std::string_view, 21> kWords = {
      "PERMISSION_DENIED",    "UNAUTHENTICATED", "NOT_FOUND",      "INVALID_ARGUMENT", "FAILED_PRECONDITION",
      "Path does not",        "does not exist",  "Not a",          "is a folder",      "Cannot open",
      "AuthenticationFailed", "] 403 ",          "] 404 ",         "] 401 ",           "] 409 ",
      "certificate",          "No such file",    "Is a directory", "replaced while",   "Permission denied",
      "is not a directory"};
  return HasAny(status, kWords);
}

namespace {

/// What is said for good of TLS, in the words of libcurl and of a server that was sent plain HTTP.
constexpr std::array<std::string_view, 2> kWordsOfTls = {"certificate", "HTTPS server"};

/// Where a store is asked; "" where Arrow does not say.
std::string EndpointOf(const Location& location) {
  if (const auto* google = dynamic_cast<const arrow::fs::GcsFileSystem*>(location.filesystem.get())) {
    const arrow::fs::GcsOptions& options = google->options();
    const std::string host = options.endpoint_override.empty() ? "storage.googleapis.com" : options.endpoint_override;
    return (options.scheme.empty() ? "https" : options.scheme) + "://" + host + "/";
  }
  const auto* azure = dynamic_cast<const arrow::fs::AzureFileSystem*>(location.filesystem.get());
  return azure == nullptr ? "" : azure->options().AccountBlobUrl(azure->options().account_name);
}

/// Whether TLS is to blame for an error, looked at once for each endpoint: nothing has been got from it yet, or it
/// answered before.
Status TlsTrouble(const Location& location) {
  static std::mutex mutex;
  static std::map<std::string, Status> found;
  const std::string endpoint = EndpointOf(location);
  if (endpoint.empty()) return Status::OK();
  const std::lock_guard lock(mutex);
  const auto known = found.find(endpoint);
  if (known != found.end()) return known->second;
  return found.emplace(endpoint, LookAtTls(endpoint)).first->second;
}

/// Without the signatures of URLs that errors name. The libraries of Google and Microsoft let some answers that they
/// cannot read through as exceptions.
Status CallCatching(const std::function<Status()>& call) {
  try {
    const Status status = call();
    return status.ok() ? status : status.WithMessage(PublicMessage(status.message()));
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory("no memory left for what the store sent");
  } catch (const std::exception& error) {
    return Status::UnknownError(PublicMessage(error.what()));
  }
}

Retrier& RetrierOf(const std::string& store) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Retrier>> retriers;
  const std::lock_guard lock(mutex);
  std::unique_ptr<Retrier>& retrier = retriers[store];
  if (retrier == nullptr) retrier = std::make_unique<Retrier>(CurrentStoreOptions().retry);
  return *retrier;
}

}  // namespace

Result<std::shared_ptr<arrow::fs::FileSystem>> OpenArrowStore(const std::string& uri, const StoreOptions& options,
                                                              std::string* path) {
  if (uri.starts_with("gs://")) {
    ARROW_RETURN_NOT_OK(InitialiseTls(options));
    return OpenGoogle(uri, options, path);
  }
  if (uri.starts_with("abfs")) {
    ARROW_RETURN_NOT_OK(InitialiseTls(options));
    return OpenAzure(uri, options, path);
  }
  if (uri.starts_with("hdfs://") || uri.starts_with("viewfs://")) return OpenHdfs(uri, path);
  return arrow::fs::FileSystemFromUri(uri, path);
}

Status CallArrowStore(const Location& location, const std::function<Status()>& call) {
  const std::string store = location.filesystem->type_name();
  if (store != "gcs" && store != "abfs" && HdfsOf(location) == nullptr) return call();
  const auto attempt = [&] {
    Status status = CallCatching(call);
    if (status.ok()) return status;
    const bool for_good = ArrowErrorIsForGood(status);
    if (!for_good || HasAny(status, kWordsOfTls)) ARROW_RETURN_NOT_OK(TlsTrouble(location));
    return for_good ? status : TransientError(status.message());
  };
  const auto is_alive = [&] {
    return CallCatching([&] { return location.filesystem->GetFileInfo(location.path).status(); }).ok();
  };
  return RetrierOf(store).Run(attempt, is_alive);
}

Status RemoveArrowFile(const Location& location) {
  const auto* azure = dynamic_cast<const arrow::fs::AzureFileSystem*>(location.filesystem.get());
  if (azure != nullptr && CanSignAzure(azure->options())) return DeleteAzureBlob(azure->options(), location.path);
  return CallArrowStore(location, [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const arrow::fs::FileInfo info, location.filesystem->GetFileInfo(location.path));
    if (info.type() == arrow::fs::FileType::NotFound) return Status::OK();
    return location.filesystem->DeleteFile(location.path);
  });
}

}  // namespace pomona
