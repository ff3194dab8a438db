#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pomona {

/// \brief What Pomona takes from the environment, read once by the command line or Python and passed on.
///
/// Everything else in the library takes options and reads no variable.
struct Environment {
  /// Folder of the model cache: `$POMONA_MODELS`, else `$XDG_CACHE_HOME/pomona/models`, else
  /// `$HOME/.cache/pomona/models`.
  std::filesystem::path model_cache;

  /// CA file for HTTPS: `$SSL_CERT_FILE`, else empty (the storage module then tries the usual places).
  std::filesystem::path ca_file;

  /// The program that fetches Python packages: `$POMONA_PYTHON`, else `python3`.
  std::string python = "python3";

  /// True when `$NO_COLOR` is set or `$TERM` is `dumb`.
  bool plain_terminal = false;

  /// Endpoint of S3: `$AWS_ENDPOINT_URL_S3`, else `$AWS_ENDPOINT_URL`; region: `$AWS_REGION`, else
  /// `$AWS_DEFAULT_REGION`. Credentials of S3 are found by Amazon's own library.
  std::string s3_endpoint;
  std::string s3_region;

  /// Amazon's profile: `$AWS_PROFILE`, else `$AWS_DEFAULT_PROFILE`, else `default`; in the files
  /// `$AWS_SHARED_CREDENTIALS_FILE`, else `$HOME/.aws/credentials`, and `$AWS_CONFIG_FILE`, else `$HOME/.aws/config`.
  std::string aws_profile = "default";
  std::filesystem::path aws_credentials_file;
  std::filesystem::path aws_config_file;

  /// CA file for object stores: `$AWS_CA_BUNDLE`, else `ca_file`.
  std::filesystem::path store_ca_file;

  /// Google: `$STORAGE_EMULATOR_HOST`, `$GOOGLE_CLOUD_PROJECT`, `$GOOGLE_OAUTH_ACCESS_TOKEN`.
  std::string gs_endpoint;
  std::string gs_project;
  std::string gs_access_token;

  /// Azure: `$AZURE_STORAGE_ACCOUNT`, `$AZURE_STORAGE_KEY`, `$AZURE_STORAGE_SAS_TOKEN`,
  /// `$AZURE_STORAGE_CONNECTION_STRING`.
  std::string abfs_account;
  std::string abfs_key;
  std::string abfs_sas_token;
  std::string abfs_connection;

  /// Hadoop's configuration: `$HADOOP_CONF_DIR`, else `$HADOOP_HOME/etc/hadoop`, else empty.
  std::filesystem::path hadoop_configuration;

  /// Names of the variables with which stores are told their credentials, and whether each is set.
  std::vector<std::pair<std::string, bool>> credential_variables;

  /// The user's own folder: `$HOME`.
  std::filesystem::path home;

  static Environment Read();
};

}  // namespace pomona
