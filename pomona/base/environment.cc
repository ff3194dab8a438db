#include "pomona/base/environment.h"

#include <cstdlib>
#include <string_view>

namespace pomona {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once, before any thread starts
  return value == nullptr ? std::string() : std::string(value);
}

std::filesystem::path ModelCache() {
  if (const std::string folder = Variable("POMONA_MODELS"); !folder.empty()) return std::filesystem::path(folder);
  if (const std::string cache = Variable("XDG_CACHE_HOME"); !cache.empty()) {
    return std::filesystem::path(cache) / "pomona" / "models";
  }
  return std::filesystem::path(Variable("HOME")) / ".cache" / "pomona" / "models";
}

std::string FirstOf(const char* name, const char* other) {
  const std::string value = Variable(name);
  return value.empty() ? Variable(other) : value;
}

void ReadAwsFiles(Environment* environment) {
  const std::string profile = FirstOf("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
  if (!profile.empty()) environment->aws_profile = profile;
  environment->aws_credentials_file = Variable("AWS_SHARED_CREDENTIALS_FILE");
  environment->aws_config_file = Variable("AWS_CONFIG_FILE");
  const std::filesystem::path folder = environment->home / ".aws";
  if (environment->aws_credentials_file.empty()) environment->aws_credentials_file = folder / "credentials";
  if (environment->aws_config_file.empty()) environment->aws_config_file = folder / "config";
}

void ReadStores(Environment* environment) {
  environment->s3_endpoint = FirstOf("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  environment->s3_region = FirstOf("AWS_REGION", "AWS_DEFAULT_REGION");
  environment->store_ca_file = FirstOf("AWS_CA_BUNDLE", "SSL_CERT_FILE");
  environment->gs_endpoint = Variable("STORAGE_EMULATOR_HOST");
  environment->gs_project = Variable("GOOGLE_CLOUD_PROJECT");
  environment->gs_access_token = Variable("GOOGLE_OAUTH_ACCESS_TOKEN");
  environment->abfs_account = Variable("AZURE_STORAGE_ACCOUNT");
  environment->abfs_key = Variable("AZURE_STORAGE_KEY");
  environment->abfs_sas_token = Variable("AZURE_STORAGE_SAS_TOKEN");
  environment->abfs_connection = Variable("AZURE_STORAGE_CONNECTION_STRING");
  environment->home = Variable("HOME");
  environment->hadoop_configuration = Variable("HADOOP_CONF_DIR");
  if (const std::string hadoop = Variable("HADOOP_HOME");
      environment->hadoop_configuration.empty() && !hadoop.empty()) {
    environment->hadoop_configuration = std::filesystem::path(hadoop) / "etc" / "hadoop";
  }
  ReadAwsFiles(environment);
  for (const char* name : {"AWS_ACCESS_KEY_ID",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_SESSION_TOKEN",
                           "AWS_PROFILE",
                           "AWS_SHARED_CREDENTIALS_FILE",
                           "AWS_CONFIG_FILE",
                           "AWS_WEB_IDENTITY_TOKEN_FILE",
                           "AWS_ROLE_ARN",
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                           "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                           "AWS_EC2_METADATA_DISABLED",
                           "GOOGLE_APPLICATION_CREDENTIALS",
                           "GOOGLE_OAUTH_ACCESS_TOKEN",
                           "AZURE_STORAGE_ACCOUNT",
                           "AZURE_STORAGE_KEY",
                           "AZURE_STORAGE_SAS_TOKEN",
                           "AZURE_STORAGE_CONNECTION_STRING",
                           "AZURE_TENANT_ID",
                           "AZURE_CLIENT_ID",
                           "AZURE_CLIENT_SECRET",
                           "AZURE_FEDERATED_TOKEN_FILE"}) {
    environment->credential_variables.emplace_back(name, !Variable(name).empty());
  }
}

}  // namespace

Environment Environment::Read() {
  Environment environment;
  environment.model_cache = ModelCache();
  environment.ca_file = Variable("SSL_CERT_FILE");
  if (const std::string python = Variable("POMONA_PYTHON"); !python.empty()) environment.python = python;
  environment.plain_terminal = !Variable("NO_COLOR").empty() || Variable("TERM") == "dumb";
  ReadStores(&environment);
  return environment;
}

}  // namespace pomona
