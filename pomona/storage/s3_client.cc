#include "pomona/storage/s3_client.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "pomona/base/failure.h"
#include "pomona/base/hash.h"
#include "pomona/base/text.h"
#include "pomona/storage/s3_answers.h"

namespace pomona {
namespace {

constexpr std::int64_t kCredentialsLastS = 30;

std::int64_t Now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string WithoutQuotes(std::string text) {
  std::erase(text, '"');
  return text;
}

std::int64_t Number(const std::string& text, std::int64_t otherwise) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() ? value : otherwise;
}

bool IsMd5(std::string_view etag) {
  return etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Md5(std::string_view bytes) {
  Hasher hasher(HashKind::kMd5);
  hasher.Update(bytes);
  return hasher.Finish();
}

/// An error under a status of success: the work failed after the status was sent.
Status Late(const HttpResponse& response) {
  return TransientError("the store answered " + std::to_string(response.status) +
                        " with an error in it: " + XmlText(response.body, "Code"));
}

S3Object ObjectOf(const std::string& key, const HttpResponse& response) {
  return {key, Number(response.header("content-length"), -1), ParseHttpTime(response.header("last-modified")),
          WithoutQuotes(response.header("etag"))};
}

}  // namespace

S3Client::S3Client(S3Settings settings)
    : settings_(std::move(settings)), http_(settings_.http), retrier_(settings_.retry), region_(settings_.region) {}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::string S3Client::ServiceName() const {
  return settings_.scheme + "://" + (settings_.endpoint.empty() ? AmazonHost(region()) : settings_.endpoint);
}

S3Requests S3Client::requests() const { return {counts_[0], counts_[1], counts_[2], counts_[3]}; }

void S3Client::Count(const Call& call) const {
  std::size_t kind = call.method == "GET" || call.method == "HEAD" ? 0 : 1;
  if (call.action == "s3:ListBucket") kind = 2;
  if (call.method == "DELETE") kind = 3;
  ++counts_.at(kind);
}

Result<AwsCredentials> S3Client::Credentials() const {
  {
    const std::lock_guard lock(mutex_);
    if (!credentials_.empty() && Now() - credentials_time_ < kCredentialsLastS) return credentials_;
  }
  // Outside the lock: a chain of credentials may ask the network, and others can still use what is there.
  ARROW_ASSIGN_OR_RAISE(AwsCredentials found, settings_.credentials());
  const std::lock_guard lock(mutex_);
  credentials_ = std::move(found);
  credentials_time_ = Now();
  return credentials_;
}

Result<HttpResponse> S3Client::Send(const Call& call) const {
  const std::string region = this->region();
  std::string host = settings_.endpoint.empty() ? AmazonHost(region) : settings_.endpoint;
  std::string path = "/" + UriEncode(call.key, true);
  // A certificate for *.host does not cover two labels, so names with dots go into the path.
  if (settings_.virtual_hosts && !(settings_.scheme == "https" && call.bucket.find('.') != std::string::npos)) {
    host = call.bucket + "." + host;
  } else {
    path = "/" + UriEncode(call.bucket, false) + (call.key.empty() ? "" : path);
  }
  const SignableRequest signable{call.method, host, path, call.query, call.headers, Sha256(call.body)};
  HttpRequest request;
  if (settings_.anonymous) {
    for (const auto& [name, value] : call.headers) request.headers.emplace_back(name).append(": ").append(value);
  } else {
    ARROW_ASSIGN_OR_RAISE(const AwsCredentials credentials, Credentials());
    request.headers = SignAwsRequest(signable, credentials, region, Now());
  }
  request.method = call.method;
  const std::string query = CanonicalQuery(call.query);
  request.url = settings_.scheme + "://" + host + path + (query.empty() ? "" : "?" + query);
  request.body = call.body;
  request.into = call.into;
  request.most_bytes = call.most_bytes;
  Count(call);
  return http_.Send(request);
}

Status S3Client::SendRetrying(const Call& call, const std::function<Status(const HttpResponse&)>& check) const {
  int renewals = 0;
  const auto attempt = [&]() -> Status {
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const HttpResponse response, Send(call));
      if (response.ok()) return response.body.find("<Error>") == std::string::npos ? check(response) : Late(response);
      // A region or credentials that are out of date are renewed, once each.
      const std::string code = XmlText(response.body, "Code");
      std::string region = response.header("x-amz-bucket-region");
      if (region.empty() && code == "AuthorizationHeaderMalformed") region = XmlText(response.body, "Region");
      const bool other_region = !region.empty() && region != this->region();
      const bool expired = code == "ExpiredToken" || code == "InvalidToken" || code == "ExpiredTokenException";
      if (renewals++ > 1 || (!other_region && !expired)) return ErrorOf(call, response);
      const std::lock_guard lock(mutex_);
      if (other_region) region_ = region;
      if (expired) credentials_time_ = 0;
    }
  };
  return retrier_.Run(attempt, [&] { return IsAlive(call.bucket); });
}

bool S3Client::IsAlive(const std::string& bucket) const {
  Call call;
  call.action = "s3:ListBucket";
  call.bucket = bucket;
  call.query = {{"list-type", "2"}, {"max-keys", "1"}};
  const Result<HttpResponse> response = Send(call);
  return response.ok() && response->status < 500 && response->status != 429;  // a refusal is an answer, too
}

Status S3Client::Denied(const Call& call, const std::string& code) const {
  const std::string resource = "arn:aws:s3:::" + call.bucket + (call.action == "s3:ListBucket" ? "" : "/" + call.key);
  return Status::IOError("access denied by ", ServiceName(), code.empty() ? "" : " (" + code + ")", ": the action ",
                         call.action, " on ", ToValidUtf8(resource),
                         " is not allowed to these credentials; `pomona doctor --policy` prints what is needed");
}

Status S3Client::ErrorOf(const Call& call, const HttpResponse& response) const {
  const std::string code = XmlText(response.body, "Code");
  std::string said = std::to_string(response.status);
  if (!code.empty()) said += " " + code;
  if (const std::string text = XmlText(response.body, "Message"); !text.empty()) said += ": " + ToValidUtf8(text);
  if (IsTransientAnswer(response.status, code)) return TransientError(ServiceName() + " answered " + said);
  if (response.status == 412) return Status::AlreadyExists("the object is there, or is not the one that was listed");
  if (code == "NoSuchBucket") return Status::IOError("there is no bucket ", call.bucket, " at ", ServiceName());
  if (response.status == 404) return Status::KeyError("there is no such object");
  if (const std::string reason = ReasonOf(code); !reason.empty()) return Status::IOError(ServiceName(), ": ", reason);
  if (response.status == 403 || response.status == 401) return Denied(call, code);
  if (response.body.find("HTTP request to an HTTPS server") != std::string::npos) {
    return Status::IOError(ServiceName(), ": plain HTTP was sent to a port that wants TLS; use scheme https");
  }
  return Status::IOError(ServiceName(), " answered ", said, " to ", call.action);
}

Status S3Client::CheckBody(const Call& call, const HttpResponse& response, std::int64_t length,
                           Mismatch* mismatch) const {
  const auto got = static_cast<std::int64_t>(call.into->size());
  const std::int64_t announced = Number(response.header("content-length"), got);
  if (got != announced || (length >= 0 && got > length)) {
    return TransientError("the body is truncated: " + std::to_string(got) + " bytes came, " +
                          std::to_string(announced) + " were announced");
  }
  const std::string etag = WithoutQuotes(response.header("etag"));
  if (etag.empty()) return TransientError("the answer is no object: it has no ETag");
  const std::string encryption = response.header("x-amz-server-side-encryption");
  const bool whole = response.status == 200;
  if (!whole || !etags_are_md5_ || !IsMd5(etag) || !(encryption.empty() || encryption == "AES256")) return Status::OK();
  const std::string md5 = Md5(call.into->text());
  if (md5 == etag) {
    etags_were_md5_ = true;
    return Status::OK();
  }
  mismatch->times = md5 == mismatch->md5 ? mismatch->times + 1 : 1;
  mismatch->md5 = md5;
  constexpr int kConvinced = 4;
  if (!etags_were_md5_ && mismatch->times == kConvinced) {  // always the same bytes: this service's ETags are no MD5
    etags_are_md5_ = false;
    return Status::OK();
  }
  return TransientError("the body is damaged: its MD5 is " + md5 + ", the store has " + etag);
}

Result<S3Object> S3Client::Get(const std::string& bucket, const std::string& key, const std::string& etag,
                               const std::optional<Range>& range, ByteBuffer* bytes, std::int64_t most_bytes) const {
  Call call;
  call.action = "s3:GetObject";
  call.bucket = bucket;
  call.key = key;
  call.into = bytes;
  call.most_bytes = most_bytes;
  if (!etag.empty()) call.headers["if-match"] = "\"" + etag + "\"";
  if (range) {
    call.headers["range"] =
        "bytes=" + std::to_string(range->offset) + "-" + std::to_string(range->offset + range->length - 1);
  }
  S3Object object;
  Mismatch mismatch;
  ARROW_RETURN_NOT_OK(SendRetrying(call, [&](const HttpResponse& response) -> Status {
    ARROW_RETURN_NOT_OK(CheckBody(call, response, range ? range->length : -1, &mismatch));
    if (range && response.status != 206) return TransientError("a part of the object was asked for, all of it came");
    object = ObjectOf(key, response);
    object.size = static_cast<std::int64_t>(bytes->size());
    const std::string total = response.header("content-range");  // "bytes 0-99/1234"
    if (const auto slash = total.find('/'); slash != std::string::npos) {
      object.size = Number(total.substr(slash + 1), object.size);
    }
    return Status::OK();
  }));
  return object;
}

Result<S3Object> S3Client::Head(const std::string& bucket, const std::string& key) const {
  Call call;
  call.method = "HEAD";
  call.action = "s3:GetObject";
  call.bucket = bucket;
  call.key = key;
  S3Object object;
  ARROW_RETURN_NOT_OK(SendRetrying(call, [&](const HttpResponse& response) {
    object = ObjectOf(key, response);
    return object.etag.empty() ? TransientError("the answer is no object: it has no ETag") : Status::OK();
  }));
  return object;
}

Result<S3Page> S3Client::List(const std::string& bucket, const std::string& prefix, bool folders,
                              const std::string& next, int max_keys) const {
  Call call;
  call.action = "s3:ListBucket";
  call.bucket = bucket;
  // Keys may hold what XML cannot, such as control characters: they come URL-encoded.
  call.query = {
      {"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}, {"max-keys", std::to_string(max_keys)}};
  if (folders) call.query["delimiter"] = "/";
  if (!next.empty()) call.query["continuation-token"] = next;
  S3Page page;
  ARROW_RETURN_NOT_OK(SendRetrying(call, [&](const HttpResponse& response) { return ReadPage(response.body, &page); }));
  return page;
}

Status S3Client::Put(const std::string& bucket, const std::string& key, std::string_view bytes) const {
  Call call;
  call.method = "PUT";
  call.action = "s3:PutObject";
  call.bucket = bucket;
  call.key = key;
  call.body = bytes;
  return SendRetrying(call, [](const HttpResponse& response) { return CheckWritten(response); });
}

Result<bool> S3Client::PutIfAbsent(const std::string& bucket, const std::string& key, std::string_view bytes) const {
  Call call;
  call.method = "PUT";
  call.action = "s3:PutObject";
  call.bucket = bucket;
  call.key = key;
  call.body = bytes;
  call.headers["if-none-match"] = "*";
  int tries = 0;
  const auto attempt = [&]() -> Status {
    ++tries;
    ARROW_ASSIGN_OR_RAISE(const HttpResponse response, Send(call));
    return response.ok() ? CheckWritten(response) : ErrorOf(call, response);
  };
  Status status = retrier_.Run(attempt, [&] { return IsAlive(bucket); });
  if (status.ok()) return true;
  if (!status.IsAlreadyExists()) return status;
  if (tries == 1) return false;
  // An earlier try may have arrived although its answer was lost: then the bytes are ours.
  ByteBuffer there;
  const Result<S3Object> read = Get(bucket, key, "", std::nullopt, &there);
  if (!read.ok()) return read.status();
  return there.text() == bytes;
}

Status S3Client::Delete(const std::string& bucket, const std::string& key) const {
  Call call;
  call.method = "DELETE";
  call.action = "s3:DeleteObject";
  call.bucket = bucket;
  call.key = key;
  const Status status = SendRetrying(call, [](const HttpResponse&) { return Status::OK(); });
  return status.IsKeyError() ? Status::OK() : status;
}

Result<std::string> S3Client::BeginUpload(const std::string& bucket, const std::string& key) const {
  Call call;
  call.method = "POST";
  call.action = "s3:PutObject";
  call.bucket = bucket;
  call.key = key;
  call.query = {{"uploads", ""}};
  std::string upload;
  ARROW_RETURN_NOT_OK(SendRetrying(call, [&](const HttpResponse& response) {
    upload = XmlText(response.body, "UploadId");
    return upload.empty() ? TransientError("the answer to an upload's begin names no upload") : Status::OK();
  }));
  return upload;
}

Result<std::string> S3Client::UploadPart(const std::string& bucket, const std::string& key, const std::string& upload,
                                         int number, std::string_view bytes) const {
  Call call;
  call.method = "PUT";
  call.action = "s3:PutObject";
  call.bucket = bucket;
  call.key = key;
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}};
  call.body = bytes;
  std::string etag;
  ARROW_RETURN_NOT_OK(SendRetrying(call, [&](const HttpResponse& response) {
    etag = response.header("etag");
    return CheckWritten(response);
  }));
  return etag;
}

Status S3Client::FinishUpload(const std::string& bucket, const std::string& key, const std::string& upload,
                              const std::vector<std::string>& etags) const {
  std::string parts = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    parts += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] + "</ETag></Part>";
  }
  parts += "</CompleteMultipartUpload>";
  Call call;
  call.method = "POST";
  call.action = "s3:PutObject";
  call.bucket = bucket;
  call.key = key;
  call.query = {{"uploadId", upload}};
  call.body = parts;
  Status status = SendRetrying(call, [](const HttpResponse&) { return Status::OK(); });
  // A second try finds no upload where the first had finished it.
  if (status.IsKeyError() && Head(bucket, key).ok()) return Status::OK();
  return status;
}

Status S3Client::AbortUpload(const std::string& bucket, const std::string& key, const std::string& upload) const {
  Call call;
  call.method = "DELETE";
  call.action = "s3:AbortMultipartUpload";
  call.bucket = bucket;
  call.key = key;
  call.query = {{"uploadId", upload}};
  const Status status = SendRetrying(call, [](const HttpResponse&) { return Status::OK(); });
  return status.IsKeyError() ? Status::OK() : status;
}

}  // namespace pomona
