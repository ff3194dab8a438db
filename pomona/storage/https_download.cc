#include "pomona/storage/https_download.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/hash.h"
#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

/// How often a transfer that broke off is taken up again; only while bytes keep arriving.
constexpr int kMostResumptions = 5;

/// `<destination>.part`, locked against other processes.
class PartFile {
 public:
  static Result<std::unique_ptr<PartFile>> Open(const fs::path& destination) {
    std::unique_ptr<PartFile> part(new PartFile(destination));
    if (part->fd_ < 0) return part->Error("cannot be written");
    if (flock(part->fd_, LOCK_EX | LOCK_NB) != 0) {
      return Status::IOError(part->path_.native(), ": another process is fetching this file");
    }
    struct stat info{};
    if (fstat(part->fd_, &info) != 0) return part->Error("cannot be read");
    part->size_ = info.st_size;
    return part;
  }

  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    if (fd_ >= 0) close(fd_);
  }

  std::int64_t size() const { return size_; }

  Status Append(const char* data, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = pwrite(fd_, data + done, size - done, size_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Error("cannot be written");
      done += static_cast<std::size_t>(count);
      size_ += count;
    }
    return Status::OK();
  }

  Status Empty() {
    size_ = 0;
    return ftruncate(fd_, 0) == 0 ? Status::OK() : Error("cannot be emptied");
  }

  Result<std::string> Hash(HashKind kind) const {
    Hasher hasher(kind);
    std::vector<std::byte> buffer(1 << 20);
    std::int64_t place = 0;
    for (;;) {
      const ssize_t count = pread(fd_, buffer.data(), buffer.size(), place);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Error("cannot be read");
      if (count == 0) return hasher.Finish();
      hasher.Update(std::span(buffer.data(), static_cast<std::size_t>(count)));
      place += count;
    }
  }

  Status GiveName() {
    if (fsync(fd_) != 0) return Error("cannot be written");
    std::error_code error;
    fs::rename(path_, destination_, error);
    if (error) return Status::IOError(destination_.native(), ": cannot be given its name: ", error.message());
    return Status::OK();
  }

  void Remove() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

 private:
  explicit PartFile(const fs::path& destination)
      : destination_(destination),
        path_(destination.native() + ".part"),
        fd_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {}

  Status Error(std::string_view what) const {
    return Status::IOError(path_.native(), ": ", what, ": ", std::generic_category().message(errno));
  }

  fs::path destination_;
  fs::path path_;
  int fd_;
  std::int64_t size_ = 0;
};

/// What one request came to.
struct Answer {
  CURLcode code = CURLE_OK;
  long http_status = 0;
  std::string reason;
  Status write_status;  ///< of the local file
};

class Transfer {
 public:
  Transfer(std::string url, const DownloadOptions& options, PartFile* part)
      : url_(std::move(url)), options_(options), part_(part), curl_(curl_easy_init(), &curl_easy_cleanup) {}

  /// Asks for what the part file lacks and appends it.
  Answer Run() {
    Answer answer;
    if (curl_ == nullptr) {
      answer.code = CURLE_FAILED_INIT;
      answer.reason = "libcurl cannot start";
      return answer;
    }
    started_at_ = part_->size();
    first_bytes_ = true;
    write_status_ = Status::OK();
    SetOptions();
    answer.code = curl_easy_perform(curl_.get());
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &answer.http_status);
    answer.reason = error_.front() != '\0' ? error_.data() : curl_easy_strerror(answer.code);
    answer.write_status = write_status_;
    return answer;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  void SetOptions() {
    curl_easy_reset(curl_.get());
    error_.fill('\0');
    Set(CURLOPT_URL, url_.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "https");
    Set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    Set(CURLOPT_FOLLOWLOCATION, 1L);
    Set(CURLOPT_MAXREDIRS, 10L);
    Set(CURLOPT_FAILONERROR, 1L);
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_USERAGENT, "pomona");
    Set(CURLOPT_ERRORBUFFER, error_.data());
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
    Set(CURLOPT_LOW_SPEED_LIMIT, 1000L);
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout_s));
    const fs::path ca_file = options_.ca_file.empty() ? SystemCaFile() : options_.ca_file;
    if (!ca_file.empty()) Set(CURLOPT_CAINFO, ca_file.c_str());
    if (started_at_ > 0) {
      range_ = std::to_string(started_at_) + "-";
      Set(CURLOPT_RANGE, range_.c_str());
    }
    Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBytes);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_XFERINFOFUNCTION, &Transfer::OnProgress);
    Set(CURLOPT_XFERINFODATA, this);
  }

  static std::size_t OnBytes(char* data, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    transfer->write_status_ = transfer->Write(data, size * count);
    return transfer->write_status_.ok() ? size * count : 0;
  }

  Status Write(const char* data, std::size_t size) {
    if (first_bytes_) {
      first_bytes_ = false;
      long http_status = 0;
      curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &http_status);
      if (started_at_ > 0 && http_status != 206) {  // the server sends the whole file
        started_at_ = 0;
        ARROW_RETURN_NOT_OK(part_->Empty());
      }
    }
    return part_->Append(data, size);
  }

  static int OnProgress(void* self, curl_off_t total, curl_off_t done, curl_off_t /*up*/, curl_off_t /*up_done*/) {
    const auto* transfer = static_cast<Transfer*>(self);
    if (transfer->options_.cancellation != nullptr && transfer->options_.cancellation->cancelled()) return 1;
    if (transfer->options_.progress && done > 0) {
      transfer->options_.progress(transfer->started_at_ + done, total > 0 ? transfer->started_at_ + total : 0);
    }
    return 0;
  }

  std::string url_;
  const DownloadOptions& options_;
  PartFile* part_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string range_;
  std::int64_t started_at_ = 0;
  bool first_bytes_ = true;
  Status write_status_;
};

bool BrokeOff(CURLcode code) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_OPERATION_TIMEDOUT ||
         code == CURLE_GOT_NOTHING || code == CURLE_HTTP2_STREAM || code == CURLE_HTTP2;
}

Status TransferError(const std::string& url, const Answer& answer) {
  if (!answer.write_status.ok()) return answer.write_status;
  if (answer.code == CURLE_ABORTED_BY_CALLBACK) return Status::Cancelled("interrupted");
  if (answer.code == CURLE_PEER_FAILED_VERIFICATION || answer.code == CURLE_SSL_CACERT_BADFILE) {
    return Status::IOError(url, ": the server's certificate cannot be verified (", answer.reason,
                           "); name the CA file of this network with --ca-file or SSL_CERT_FILE");
  }
  return Status::IOError(url, ": ", answer.reason);
}

/// Fetches until the server has no more to give. A file that is there already is left as it is.
Status FetchAll(const std::string& url, const DownloadOptions& options, PartFile* part) {
  Transfer transfer(url, options, part);
  bool emptied = false;
  for (int resumptions = 0;; ++resumptions) {
    const std::int64_t before = part->size();
    const Answer answer = transfer.Run();
    if (answer.code == CURLE_OK) return Status::OK();
    // 416: the part is as long as the file, or longer. Which of both is for the checks to say, where there are any.
    if (answer.http_status == 416 && !emptied) {
      const bool checked = !options.md5.empty() || !options.sha256.empty();
      if (checked && (options.size < 0 || part->size() == options.size)) return Status::OK();
      emptied = true;
      ARROW_RETURN_NOT_OK(part->Empty());
      continue;
    }
    if (BrokeOff(answer.code) && part->size() > before && resumptions < kMostResumptions) continue;
    return TransferError(url, answer);
  }
}

Status Verify(const std::string& url, const DownloadOptions& options, const PartFile& part) {
  if (options.size >= 0 && part.size() != options.size) {
    return Status::IOError(url, ": gave ", part.size(), " bytes, ", options.size, " were wanted");
  }
  for (const auto& [kind, name, wanted] :
       {std::tuple(HashKind::kMd5, "MD5", std::string_view(options.md5)),
        std::tuple(HashKind::kSha256, "SHA-256", std::string_view(options.sha256))}) {
    if (wanted.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string got, part.Hash(kind));
    if (got != wanted)
      return Status::IOError(url, ": the ", name, " of the file is ", got, ", ", wanted, " was wanted");
  }
  return Status::OK();
}

}  // namespace

fs::path SystemCaFile() {
  constexpr std::array kPlaces = {
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu
      "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL, Amazon Linux
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // newer RHEL, Amazon Linux
      "/etc/ssl/cert.pem",
  };
  for (const char* place : kPlaces) {
    if (access(place, R_OK) == 0) return place;
  }
  return {};
}

Status DownloadHttps(const std::string& url, const fs::path& destination, const DownloadOptions& options) {
  if (!url.starts_with("https://")) return UsageError(url + ": only https:// can be fetched from");
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return UsageError("The CA file " + options.ca_file.native() +
                      " (--ca-file or SSL_CERT_FILE) cannot be read: " + std::generic_category().message(errno));
  }
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });

  std::error_code error;
  fs::create_directories(destination.parent_path(), error);  // a failure shows when the file is opened
  ARROW_ASSIGN_OR_RAISE(const auto part, PartFile::Open(destination));
  const bool resumed = part->size() > 0;
  Status status = FetchAll(url, options, part.get());
  if (!status.ok()) {
    if (part->size() == 0) part->Remove();
    return status;
  }
  status = Verify(url, options, *part);
  if (!status.ok() && resumed) {  // the part may have been of an older file
    ARROW_RETURN_NOT_OK(part->Empty());
    ARROW_RETURN_NOT_OK(FetchAll(url, options, part.get()));
    status = Verify(url, options, *part);
  }
  if (!status.ok()) {
    part->Remove();
    return status;
  }
  return part->GiveName();
}

}  // namespace pomona
