#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/storage/aws_signature.h"
#include "pomona/storage/http_client.h"
#include "pomona/storage/retry.h"

namespace pomona {

/// \brief How one S3 service is reached.
struct S3Settings {
  std::string scheme = "https";
  std::string endpoint;  ///< host[:port]; empty: Amazon's for the region
  std::string region = "us-east-1";
  bool virtual_hosts = true;  ///< the bucket in the host name, not in the path
  bool anonymous = false;
  HttpOptions http;
  RetryPolicy retry;

  /// Asked again when credentials are older than half a minute; an error says where they were looked for.
  std::function<Result<AwsCredentials>()> credentials;
};

/// \brief What a store says of one object.
struct S3Object {
  std::string key;
  std::int64_t size = -1;
  std::int64_t mtime_ns = 0;
  std::string etag;  ///< without quotes
};

struct S3Page {
  std::vector<S3Object> objects;
  std::vector<std::string> prefixes;  ///< "folders", where a delimiter was given; each ends in it
  std::string next;                   ///< continuation token; "" at the end
};

/// \brief Requests by the kinds that S3 bills.
struct S3Requests {
  std::int64_t get = 0;     ///< GET and HEAD
  std::int64_t put = 0;     ///< PUT, POST
  std::int64_t list = 0;    ///< billed like PUT
  std::int64_t remove = 0;  ///< free
};

/// \brief S3 and what looks like it, by REST: every request signed, checked, and tried again where that can help.
///
/// Arrow finds the credentials; the requests are our own, because Arrow can neither send a precondition (`If-Match`,
/// `If-None-Match`), nor give an ETag, nor notice that an object was replaced between two of its requests.
///
/// Errors: KeyError for an object that does not exist, AlreadyExists for a precondition that failed, IOError that names
/// the permission that is missing; `IsStoreDown`; Cancelled. Thread safety: calls may run together.
class S3Client {
 public:
  explicit S3Client(S3Settings settings);

  struct Range {
    std::int64_t offset = 0;
    std::int64_t length = 0;
  };

  /// \brief Reads an object or a part of it; the body is checked against length and, where it is one, MD5 in the ETag.
  ///
  /// \param[in] etag the object must have it, unless empty; AlreadyExists otherwise
  /// \param[in] most_bytes where there are more, `ImageFailure` kTooLarge
  Result<S3Object> Get(const std::string& bucket, const std::string& key, const std::string& etag,
                       const std::optional<Range>& range, ByteBuffer* bytes,
                       std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max()) const;
  Result<S3Object> Head(const std::string& bucket, const std::string& key) const;

  /// \brief Up to 1,000 keys that begin with a prefix. \param[in] next of the page before, or ""
  Result<S3Page> List(const std::string& bucket, const std::string& prefix, bool folders, const std::string& next,
                      int max_keys = 1000) const;

  Status Put(const std::string& bucket, const std::string& key, std::string_view bytes) const;

  /// \brief Puts an object unless there is one. \return whether this call wrote it
  Result<bool> PutIfAbsent(const std::string& bucket, const std::string& key, std::string_view bytes) const;
  Status Delete(const std::string& bucket, const std::string& key) const;

  Result<std::string> BeginUpload(const std::string& bucket, const std::string& key) const;
  Result<std::string> UploadPart(const std::string& bucket, const std::string& key, const std::string& upload,
                                 int number, std::string_view bytes) const;
  Status FinishUpload(const std::string& bucket, const std::string& key, const std::string& upload,
                      const std::vector<std::string>& etags) const;
  Status AbortUpload(const std::string& bucket, const std::string& key, const std::string& upload) const;

  S3Requests requests() const;
  std::int64_t retries() const { return retrier_.retries(); }
  const S3Settings& settings() const { return settings_; }

  /// \brief The service as a person knows it: "https://s3.eu-west-3.amazonaws.com", "http://127.0.0.1:9000".
  std::string ServiceName() const;

 private:
  struct Call {
    std::string method = "GET";
    std::string action;  ///< permission that the call needs, such as "s3:GetObject"
    std::string bucket;
    std::string key;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;
    std::string_view body;
    ByteBuffer* into = nullptr;
    std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max();
  };

  Result<HttpResponse> Send(const Call& call) const;
  Status SendRetrying(const Call& call, const std::function<Status(const HttpResponse&)>& check) const;
  Status ErrorOf(const Call& call, const HttpResponse& response) const;
  Status Denied(const Call& call, const std::string& code) const;
  /// Bodies of one object that were not what their ETags say.
  struct Mismatch {
    std::string md5;
    int times = 0;  ///< in a row
  };
  Status CheckBody(const Call& call, const HttpResponse& response, std::int64_t length, Mismatch* mismatch) const;
  Result<AwsCredentials> Credentials() const;
  bool IsAlive(const std::string& bucket) const;
  std::string region() const;
  void Count(const Call& call) const;

  S3Settings settings_;
  HttpClient http_;
  mutable Retrier retrier_;
  mutable std::array<std::atomic<std::int64_t>, 4> counts_{};
  mutable std::atomic<bool> etags_are_md5_{true};
  mutable std::atomic<bool> etags_were_md5_{false};  ///< of some object: then no body may differ

  mutable std::mutex mutex_;
  mutable AwsCredentials credentials_;
  mutable std::int64_t credentials_time_ = 0;
  mutable std::string region_;  ///< as the service last named it
};

/// \brief The text between <name> and </name> in an answer, unescaped; "" where there is none. For S3's flat XML.
std::string XmlText(std::string_view xml, std::string_view name);

/// \brief What stands between every <name> and </name>, in order.
std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name);

/// \brief "2026-11-22T21:00:00.123Z" or "Sun, 22 Nov 2026 21:00:00 GMT" in nanoseconds since 1970 UTC; 0 if neither.
std::int64_t ParseHttpTime(const std::string& text);

/// \brief Undoes %XX, and '+' for a space.
std::string UriDecode(std::string_view text);

}  // namespace pomona
