#include "pomona/storage/uri_source.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "pomona/base/usage_error.h"
#include "pomona/storage/store_options.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

constexpr std::string_view kAzureHost = ".dfs.core.windows.net";
constexpr std::string_view kAzureBlobHost = ".blob.core.windows.net";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// Nothing that ends a host in some reader's eyes: names of buckets, containers, accounts and hosts have these only.
bool IsPlainName(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '$';
  });
}

bool IsAzure(std::string_view scheme) { return scheme == "abfs" || scheme == "abfss" || scheme == "az"; }

/// The host that an Azure URI is asked at, "" for the user's own account. Both services of an account count as one.
std::string AzureHost(const UriParts& parts) {
  const std::string host = LowerCase(parts.host());
  if (host.find_first_of(".:") == std::string::npos) {  // a container, of an account or of the user's own
    return parts.user_info().empty() ? "" : LowerCase(parts.user_info()) + std::string(kAzureHost);
  }
  if (!host.ends_with(kAzureBlobHost)) return host;
  return host.substr(0, host.size() - kAzureBlobHost.size()) + std::string(kAzureHost);
}

/// The host that a URI names, "" where its store is reached as the user has set it.
std::string HostOf(const UriParts& parts) {
  if (IsAzure(parts.scheme)) return AzureHost(parts);
  return parts.scheme == "hdfs" || parts.scheme == "viewfs" ? LowerCase(parts.host()) : "";
}

bool HasBucket(std::string_view scheme) {
  return IsAzure(scheme) || scheme == "s3" || scheme == "s3a" || scheme == "gs" || scheme == "gcs";
}

/// Azure's user is a container or an account, Google's "anonymous" says that no credentials are wanted.
bool MayHaveUser(const UriParts& parts) {
  if (parts.authority.find('@') == std::string::npos) return true;
  if (IsAzure(parts.scheme)) return IsPlainName(parts.user_info());
  return (parts.scheme == "gs" || parts.scheme == "gcs") && parts.user_info() == "anonymous";
}

Status Refusal(std::string_view text, const std::string& why) { return UsageError(PublicUri(text) + ": " + why); }

}  // namespace

UriSource UriSource::Data(std::vector<std::string> allowed_hosts) {
  UriSource source;
  source.data_ = true;
  for (const std::string& host : allowed_hosts) {
    std::string lower = LowerCase(host);
    if (lower.ends_with(kAzureBlobHost)) {
      lower = lower.substr(0, lower.size() - kAzureBlobHost.size()) + std::string(kAzureHost);
    }
    source.hosts_.push_back(std::move(lower));
  }
  return source;
}

UriSource UriSource::With(const Location& place) && {
  std::string scheme = SchemeOf(place.display);
  if (!scheme.empty()) {
    std::string host = HostOf(SplitUri(place.display, std::move(scheme)));
    if (!host.empty()) hosts_.push_back(std::move(host));
  }
  return std::move(*this);
}

Result<Location> UriSource::Locate(std::string_view text) const {
  ARROW_RETURN_NOT_OK(Check(text));
  return Location::Parse(text);
}

Status UriSource::Check(std::string_view text) const {
  std::string scheme = SchemeOf(text);
  if (!data_ || scheme.empty()) return Status::OK();
  const UriParts parts = SplitUri(text, std::move(scheme));
  if (!parts.query.empty()) {
    return Refusal(text, "a URI out of data must not have a query; endpoints, TLS and keys are set by the user");
  }
  if (!MayHaveUser(parts)) {
    return Refusal(text, "a URI out of data must not hold a user, a password or a key; it names a bucket and a key");
  }
  std::string host(parts.host());
  if (IsAzure(parts.scheme) || parts.scheme == "hdfs") host.erase(std::min(host.find(':'), host.size()), 1);  // a port
  const bool known = HasBucket(parts.scheme) || parts.scheme == "hdfs" || parts.scheme == "viewfs";
  if (known && !IsPlainName(host)) return Refusal(text, "the name after :// has characters that none has");
  if (HasBucket(parts.scheme) && host.empty()) return Refusal(text, "names no bucket");
  if (parts.scheme == "file" && !host.empty() && host != "localhost") {
    return Refusal(text, "file:// names a host; leave it out");
  }
  return CheckHost(text, HostOf(parts));
}

Status UriSource::CheckHost(std::string_view text, const std::string& host) const {
  if (host.empty() || Allows(host)) return Status::OK();
  return Refusal(text, "names the host " + host +
                           ", which only the user may do; if you trust it with your credentials, "
                           "give --allow-hosts " +
                           host);
}

bool UriSource::Allows(const std::string& host) const {
  const StoreOptions& options = CurrentStoreOptions();
  if (!options.abfs_account.empty() && host == LowerCase(options.abfs_account) + std::string(kAzureHost)) return true;
  const auto names = [&](const std::vector<std::string>& hosts) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& name) { return LowerCase(name) == host; });
  };
  return names(hosts_) || names(options.hadoop_hosts);
}

}  // namespace pomona
