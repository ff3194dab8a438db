#include "pomona/storage/store_options.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <arrow/filesystem/filesystem.h>

#include "pomona/storage/aws_profile.h"
#include "pomona/storage/hadoop_site.h"
#include "pomona/storage/s3_store.h"

namespace pomona {
namespace {

StoreOptions& Options() {
  static StoreOptions options;
  return options;
}

/// Whether a thread of this process with such a name is alive.
bool HasThread(std::string_view name) {
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "comm");
    std::string text;
    if (std::getline(file, text) && text.starts_with(name)) return true;
  }
  return false;
}

/// What of Amazon's is not in a variable.
void AddProfile(const AwsProfile& profile, StoreOptions* options) {
  if (options->endpoint.empty()) options->endpoint = profile.endpoint_url;
  if (options->region.empty()) options->region = profile.region;
  if (options->ca_file.empty()) options->ca_file = profile.ca_bundle;
}

/// "AccountName=a;AccountKey=b;BlobEndpoint=https://c", as Azure's portal shows it; what a variable says stays.
void AddConnection(std::string_view text, StoreOptions* options) {
  std::string_view blobs;
  const auto set = [](std::string_view value, std::string* option) {
    if (option->empty()) *option = value;
  };
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == "AccountName") set(value, &options->abfs_account);
    if (name == "AccountKey") set(value, &options->abfs_key);
    if (name == "SharedAccessSignature") set(value, &options->abfs_sas_token);
    if (name == "BlobEndpoint") blobs = value;
  }
  // An emulator's ends in the account; Azure's own has it in the host, as is meant without an endpoint.
  const std::string end = "/" + options->abfs_account;
  while (blobs.ends_with('/')) blobs.remove_suffix(1);
  if (blobs.ends_with(end) && end.size() > 1) set(blobs.substr(0, blobs.size() - end.size()), &options->abfs_endpoint);
}

}  // namespace

StoreOptions StoreOptions::From(const Environment& environment) {
  StoreOptions options;
  options.endpoint = environment.s3_endpoint;
  options.region = environment.s3_region;
  options.gs_endpoint = environment.gs_endpoint;
  options.gs_project = environment.gs_project;
  options.gs_access_token = environment.gs_access_token;
  options.abfs_account = environment.abfs_account;
  options.abfs_key = environment.abfs_key;
  options.abfs_sas_token = environment.abfs_sas_token;
  options.ca_file = environment.store_ca_file;
  options.hadoop_hosts = HadoopHosts(environment.hadoop_configuration);
  AddProfile(ReadAwsProfile(environment.aws_config_file, environment.aws_profile), &options);
  AddConnection(environment.abfs_connection, &options);
  return options;
}

void SetStoreOptions(StoreOptions options) {
  CloseS3Clients();
  Options() = std::move(options);
}

const StoreOptions& CurrentStoreOptions() { return Options(); }

void FinishStores() {
  CloseS3Clients();
  arrow::fs::EnsureFinalized();
  constexpr int kMostWaits = 500;  // five seconds
  for (int i = 0; i < kMostWaits && (HasThread("EvntLoopCleanup") || HasThread("AwsEventLoop")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace pomona
