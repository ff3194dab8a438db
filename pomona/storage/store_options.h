#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/environment.h"
#include "pomona/storage/retry.h"

namespace pomona {

/// \brief How stores are reached where a URI does not say it; `[storage]` of the configuration file and the usual
/// environment variables fill it. A URI's own query wins.
///
/// Secrets stay in here: they are never part of a `Location`, a message or a file.
struct StoreOptions {
  // S3 and what looks like it.
  std::string endpoint;            ///< URL or host[:port]; empty: Amazon's
  std::string region;              ///< empty: the environment's, the profile's, or asked of the bucket
  std::optional<bool> path_style;  ///< bucket in the path; unset: with an endpoint of one's own, yes
  std::string role;                ///< ARN of a role to take on
  std::string external_id;         ///< that the role asks for

  // Google Cloud Storage.
  std::string gs_endpoint;      ///< URL or host[:port]; empty: Google's
  std::string gs_project;       ///< only needed to make buckets
  std::string gs_access_token;  ///< OAuth token, for exclusive writes; empty: asked of the metadata server

  // Azure Blob Storage and Data Lake Storage.
  std::string abfs_account;
  std::string abfs_key;
  std::string abfs_sas_token;
  std::string abfs_endpoint;  ///< URL or host[:port] that both services share, as Azurite's; empty: Azure's

  // Hadoop.
  std::vector<std::string> hadoop_hosts;  ///< namenodes and nameservices of the user's own configuration

  // All.
  bool anonymous = false;         ///< for public buckets: no credentials are looked for
  std::filesystem::path ca_file;  ///< PEM; empty: the system's
  RetryPolicy retry;
  int connect_timeout_ms = 5000;
  int stall_timeout_s = 10;  ///< a request that moves no byte for so long is tried again

  std::int64_t read_ahead = 256'000'000;  ///< bytes of images that may be read before they are asked for
  int connections = 32;                   ///< images read at the same time

  /// \brief What the usual environment variables say.
  static StoreOptions From(const Environment& environment);
};

/// \brief Sets what `Location::Parse` uses from now on. Call it once, before other threads start.
void SetStoreOptions(StoreOptions options);
const StoreOptions& CurrentStoreOptions();

/// \brief Closes connections and ends the stores' libraries; call it once, at the end of the process.
///
/// Returns when their threads are gone: Amazon's library ends its event loops on a thread of its own, which crashed
/// when the process went away under it.
void FinishStores();

}  // namespace pomona
