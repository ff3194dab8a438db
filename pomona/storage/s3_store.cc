#include "pomona/storage/s3_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/filesystem/s3fs.h>

#include "pomona/base/failure.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/https_download.h"

namespace pomona {
namespace {

std::mutex clients_mutex;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

std::map<std::string, S3Place>& Clients() {
  static std::map<std::string, S3Place> clients;
  return clients;
}

/// Requests of clients that were closed.
S3Requests& PastRequests() {
  static S3Requests requests;
  return requests;
}

void Add(const S3Requests& more, S3Requests* sum) {
  sum->get += more.get;
  sum->put += more.put;
  sum->list += more.list;
  sum->remove += more.remove;
}

/// A URI's query in its parts: names and values, decoded.
std::map<std::string, std::string> QueryOf(std::string_view uri) {
  std::map<std::string, std::string> query;
  const std::size_t mark = uri.find('?');
  if (mark == std::string_view::npos) return query;
  std::string_view rest = uri.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    query[UriDecode(pair.substr(0, equals))] = UriDecode(pair.substr(std::min(equals + 1, pair.size())));
  }
  return query;
}

/// Takes a value out of a query; `otherwise` where it has none.
std::string Take(std::map<std::string, std::string>* query, const std::string& name, std::string otherwise) {
  const auto found = query->find(name);
  if (found == query->end()) return otherwise;
  std::string value = std::move(found->second);
  query->erase(found);
  return value;
}

/// What stands between "s3://" and the query, decoded.
std::string PathOf(const std::string& uri) {
  std::string text;
  const std::string_view typed = std::string_view(uri).substr(5, std::min(uri.find('?'), uri.size()) - 5);
  for (const char c : typed) {
    text += c == '+' ? "%2B" : std::string(1, c);  // in a path a plus is a plus
  }
  std::string path = UriDecode(text);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool IsTrue(const std::string& text) { return text == "true" || text == "1"; }

Status Initialise(const std::string& ca_file) {
  static std::once_flag once;
  static Status status;
  std::call_once(once, [&] {
    auto global = arrow::fs::S3GlobalOptions::Defaults();
    global.log_level = arrow::fs::S3LogLevel::Off;  // what it has to say comes as errors
    global.install_sigpipe_handler = true;
    status = arrow::fs::InitializeS3(global);
    arrow::fs::FileSystemGlobalOptions tls;
    tls.tls_ca_file_path = ca_file;
    if (status.ok()) status = arrow::fs::Initialize(tls);
  });
  return status;
}

/// Credentials out of Amazon's chain, through Arrow. A rotation between the three questions is noticed.
Result<AwsCredentials> AskArrow(const arrow::fs::S3Options& options) {
  AwsCredentials found;
  for (int i = 0; i < 3; ++i) {
    found = {options.GetAccessKey(), options.GetSecretKey(), options.GetSessionToken()};
    if (options.GetAccessKey() == found.access_key) break;
  }
  if (!found.empty()) return found;
  return Status::IOError(
      "no S3 credentials found; looked in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), the profile "
      "(AWS_PROFILE in ~/.aws/credentials and ~/.aws/config), web identity (AWS_WEB_IDENTITY_TOKEN_FILE, "
      "AWS_ROLE_ARN), "
      "the container endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI) and the instance's metadata; set "
      "anonymous = true in [storage] for a public bucket");
}

struct Endpoint {
  std::string scheme;
  std::string host;
};

Endpoint SplitEndpoint(const std::string& text, const std::string& scheme) {
  Endpoint endpoint{scheme, text};
  if (const std::size_t mark = text.find("://"); mark != std::string::npos) {
    endpoint = {text.substr(0, mark), text.substr(mark + 3)};
  }
  while (endpoint.host.ends_with('/')) endpoint.host.pop_back();
  return endpoint;
}

/// What of the options and a URI's query decides how the service is reached.
struct Reach {
  Endpoint endpoint;
  std::string region;
  bool anonymous = false;
  std::string role;
  std::string ca_file;
  std::optional<bool> path_style;
};

Reach ReachOf(std::map<std::string, std::string>* query, const StoreOptions& options) {
  Reach reach;
  const std::string scheme = Take(query, "scheme", "https");
  reach.endpoint = SplitEndpoint(Take(query, "endpoint_override", options.endpoint), scheme);
  reach.region = Take(query, "region", options.region);
  reach.anonymous = IsTrue(Take(query, "anonymous", options.anonymous ? "true" : "false"));
  reach.role = Take(query, "role", options.role);
  reach.ca_file = Take(query, "ca_file", options.ca_file.string());
  if (reach.ca_file.empty()) reach.ca_file = SystemCaFile().string();
  reach.path_style = options.path_style;
  if (const std::string text = Take(query, "path_style", ""); !text.empty()) reach.path_style = IsTrue(text);
  return reach;
}

Result<arrow::fs::S3Options> ArrowOptions(const std::string& uri, const Reach& reach, const StoreOptions& options,
                                          const std::map<std::string, std::string>& query) {
  std::map<std::string, std::string> wanted = query;
  if (!reach.region.empty()) wanted["region"] = reach.region;
  if (!reach.endpoint.host.empty()) {
    wanted["endpoint_override"] = reach.endpoint.host;
    wanted["scheme"] = reach.endpoint.scheme;
    if (reach.region.empty()) wanted["region"] = "us-east-1";  // else Arrow asks Amazon for the bucket's
  }
  std::string text = uri.substr(0, uri.find('?'));
  const std::string arguments = CanonicalQuery(wanted);
  if (!arguments.empty()) text += "?" + arguments;
  auto parsed = arrow::fs::S3Options::FromUri(text, nullptr);
  if (!parsed.ok()) return parsed.status();
  parsed->tls_ca_file_path = reach.ca_file;
  parsed->allow_delayed_open = true;
  if (reach.path_style) parsed->force_virtual_addressing = !*reach.path_style;
  if (reach.anonymous) {
    parsed->ConfigureAnonymousCredentials();
  } else if (!reach.role.empty()) {
    parsed->ConfigureAssumeRoleCredentials(reach.role, "pomona", options.external_id);
  }
  return parsed;
}

S3Settings SettingsOf(const arrow::fs::S3Options& arrow_options, const std::string& region, const Reach& reach,
                      const StoreOptions& options) {
  S3Settings settings;
  settings.scheme = reach.endpoint.host.empty() ? "https" : reach.endpoint.scheme;
  settings.endpoint = reach.endpoint.host;
  settings.region = region.empty() ? "us-east-1" : region;
  settings.virtual_hosts =
      reach.path_style ? !*reach.path_style : settings.endpoint.empty() || arrow_options.force_virtual_addressing;
  settings.anonymous = reach.anonymous;
  settings.http.ca_file = reach.ca_file;
  settings.http.connect_timeout_ms = options.connect_timeout_ms;
  settings.http.stall_timeout_s = options.stall_timeout_s;
  settings.retry = options.retry;
  settings.credentials = [arrow_options] { return AskArrow(arrow_options); };
  return settings;
}

/// Text that is the same for URIs that may share a client: everything but bucket and path.
std::string ClientKey(const Reach& reach, const std::map<std::string, std::string>& query, const std::string& bucket) {
  std::string key = reach.endpoint.scheme + "://" + reach.endpoint.host + "|" + reach.region + "|" + reach.role + "|" +
                    reach.ca_file + (reach.anonymous ? "|a" : "|") +
                    (reach.path_style ? (*reach.path_style ? "|p" : "|v") : "|") + CanonicalQuery(query);
  // On Amazon a bucket has a region of its own.
  if (reach.endpoint.host.empty() && reach.region.empty()) key += "|" + bucket;
  return key;
}

class S3File : public arrow::io::RandomAccessFile {
 public:
  S3File(std::shared_ptr<const S3Client> client, S3Name name, S3Object object)
      : client_(std::move(client)), name_(std::move(name)), object_(std::move(object)) {}

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<std::int64_t> Tell() const override { return place_; }
  Status Seek(std::int64_t place) override {
    place_ = place;
    return Status::OK();
  }
  Result<std::int64_t> GetSize() override { return object_.size; }

  Result<std::int64_t> ReadAt(std::int64_t place, std::int64_t count, void* out) override {
    const std::int64_t size = std::clamp<std::int64_t>(object_.size - place, 0, count);
    if (size == 0) return 0;
    if (object_.size <= kReadWhole) {
      ARROW_RETURN_NOT_OK(ReadWhole());
      std::copy_n(whole_.data() + place, size, static_cast<std::uint8_t*>(out));
      return size;
    }
    ByteBuffer bytes;
    const auto read = client_->Get(name_.bucket, name_.key, object_.etag, S3Client::Range{place, size}, &bytes);
    if (read.status().IsAlreadyExists())
      return ImageFailure(FailureCode::kChanged, "the object was replaced while it was read");
    ARROW_RETURN_NOT_OK(read.status());
    if (static_cast<std::int64_t>(bytes.size()) != size) {
      return Status::IOError(bytes.size(), " bytes came where ", size, " were asked for");
    }
    std::copy_n(bytes.data(), bytes.size(), static_cast<std::uint8_t*>(out));
    return size;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t place, std::int64_t count) override {
    const std::int64_t size = std::clamp<std::int64_t>(object_.size - place, 0, count);
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(size));
    ARROW_RETURN_NOT_OK(ReadAt(place, size, buffer->mutable_data()).status());
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  Result<std::int64_t> Read(std::int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t size, ReadAt(place_, count, out));
    place_ += size;
    return size;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(place_, count));
    place_ += buffer->size();
    return buffer;
  }

 private:
  /// A small file is one request however it is read, and only a whole one can be checked against its MD5.
  Status ReadWhole() {
    const std::lock_guard lock(mutex_);
    if (has_whole_) return Status::OK();
    const auto read = client_->Get(name_.bucket, name_.key, object_.etag, std::nullopt, &whole_);
    if (read.status().IsAlreadyExists())
      return ImageFailure(FailureCode::kChanged, "the object was replaced while it was read");
    ARROW_RETURN_NOT_OK(read.status());
    if (static_cast<std::int64_t>(whole_.size()) != object_.size) return Status::IOError("the object changed its size");
    has_whole_ = true;
    return Status::OK();
  }

  static constexpr std::int64_t kReadWhole = std::int64_t{8} << 20U;

  std::shared_ptr<const S3Client> client_;
  S3Name name_;
  S3Object object_;
  std::mutex mutex_;
  ByteBuffer whole_;
  bool has_whole_ = false;
  std::int64_t place_ = 0;
  bool closed_ = false;
};

class S3Output : public arrow::io::OutputStream {
 public:
  S3Output(std::shared_ptr<const S3Client> client, S3Name name) : client_(std::move(client)), name_(std::move(name)) {}
  ~S3Output() override { static_cast<void>(S3Output::Abort()); }

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, std::int64_t size) override {
    if (closed_) return Status::Invalid("written to after it was closed");
    pending_.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    position_ += size;
    while (pending_.size() > PartSize()) ARROW_RETURN_NOT_OK(SendPart(PartSize()));
    return Status::OK();
  }
  Status Flush() override { return Status::OK(); }
  Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

  Status Close() override {
    if (closed_) return Status::OK();
    if (upload_.empty()) {
      ARROW_RETURN_NOT_OK(client_->Put(name_.bucket, name_.key, pending_));
    } else {
      if (!pending_.empty()) ARROW_RETURN_NOT_OK(SendPart(pending_.size()));
      ARROW_RETURN_NOT_OK(client_->FinishUpload(name_.bucket, name_.key, upload_, etags_));
    }
    closed_ = true;
    pending_ = {};
    return Status::OK();
  }

  Status Abort() override {
    if (closed_) return Status::OK();
    closed_ = true;
    return upload_.empty() ? Status::OK() : client_->AbortUpload(name_.bucket, name_.key, upload_);
  }

 private:
  /// 8 MiB, more for every thousand parts: S3 takes 10,000 of them.
  std::size_t PartSize() const { return (std::size_t{8} << 20U) << (etags_.size() / 1000); }

  Status SendPart(std::size_t size) {
    if (upload_.empty()) {
      ARROW_ASSIGN_OR_RAISE(upload_, client_->BeginUpload(name_.bucket, name_.key));
    }
    ARROW_ASSIGN_OR_RAISE(std::string etag,
                          client_->UploadPart(name_.bucket, name_.key, upload_, static_cast<int>(etags_.size()) + 1,
                                              std::string_view(pending_).substr(0, size)));
    etags_.push_back(std::move(etag));
    pending_.erase(0, size);
    return Status::OK();
  }

  std::shared_ptr<const S3Client> client_;
  S3Name name_;
  std::string pending_;
  std::string upload_;
  std::vector<std::string> etags_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

S3Name SplitS3Path(std::string_view path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  return {std::string(path.substr(0, slash)), std::string(path.substr(std::min(slash + 1, path.size())))};
}

Result<S3Place> OpenS3(const std::string& uri, const StoreOptions& options) {
  std::map<std::string, std::string> query = QueryOf(uri);
  const std::string authority = uri.substr(5, uri.find_first_of("/?", 5) - 5);  // after "s3://"
  if (authority.find('@') != std::string::npos || query.contains("secret_key") || query.contains("access_key")) {
    return UsageError(
        "an s3:// URI must not hold a key, where everybody can read it; set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or use a profile or a role");
  }
  const Reach reach = ReachOf(&query, options);
  ARROW_RETURN_NOT_OK(Initialise(reach.ca_file));
  const std::string key = ClientKey(reach, query, authority);
  const std::lock_guard lock(clients_mutex);
  if (const auto found = Clients().find(key); found != Clients().end()) {
    S3Place place = found->second;
    place.path = PathOf(uri);
    return place;
  }
  S3Place place;
  ARROW_ASSIGN_OR_RAISE(const arrow::fs::S3Options arrow_options, ArrowOptions(uri, reach, options, query));
  ARROW_ASSIGN_OR_RAISE(const auto filesystem, arrow::fs::S3FileSystem::Make(arrow_options));
  place.client = std::make_shared<const S3Client>(SettingsOf(arrow_options, filesystem->region(), reach, options));
  place.filesystem = filesystem;
  place.path = PathOf(uri);
  Clients().emplace(key, place);
  return place;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenS3File(std::shared_ptr<const S3Client> client,
                                                                const std::string& path, const std::string& etag) {
  const S3Name name = SplitS3Path(path);
  ARROW_ASSIGN_OR_RAISE(const S3Object object, client->Head(name.bucket, name.key));
  if (!etag.empty() && object.etag != etag) return Status::AlreadyExists("the object's ETag is another");
  return std::make_shared<S3File>(std::move(client), name, object);
}

Result<std::shared_ptr<arrow::io::OutputStream>> CreateS3File(std::shared_ptr<const S3Client> client,
                                                              const std::string& path) {
  const S3Name name = SplitS3Path(path);
  if (name.key.empty()) return Status::Invalid("a bucket is no file");
  return std::make_shared<S3Output>(std::move(client), name);
}

S3Requests AllS3Requests() {
  const std::lock_guard lock(clients_mutex);
  S3Requests sum = PastRequests();
  for (const auto& [key, place] : Clients()) Add(place.client->requests(), &sum);
  return sum;
}

void CloseS3Clients() {
  const std::lock_guard lock(clients_mutex);
  for (const auto& [key, place] : Clients()) Add(place.client->requests(), &PastRequests());
  Clients().clear();
}

}  // namespace pomona
