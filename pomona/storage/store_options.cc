#include "pomona/storage/store_options.h"

#include <chrono>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <arrow/filesystem/filesystem.h>

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
