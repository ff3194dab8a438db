#include "pomona/storage/s3_listing.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "pomona/base/parallel.h"

namespace pomona {
namespace {

/// Prefixes that wait to be listed; ends when none waits and none is under way.
class PrefixQueue {
 public:
  explicit PrefixQueue(std::string first) { waiting_.push_back(std::move(first)); }

  /// \param[out] busy prefixes that wait or are under way
  bool Take(std::string* prefix, std::size_t* busy) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return stopped_ || !waiting_.empty() || under_way_ == 0; });
    if (stopped_ || waiting_.empty()) return false;
    *prefix = std::move(waiting_.front());
    waiting_.pop_front();
    ++under_way_;
    *busy = waiting_.size() + under_way_;
    return true;
  }

  void Add(std::string prefix) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(prefix));
    moved_.notify_one();
  }

  void Done() {
    const std::lock_guard lock(mutex_);
    if (--under_way_ == 0) moved_.notify_all();
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    moved_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<std::string> waiting_;
  std::size_t under_way_ = 0;
  bool stopped_ = false;
};

class Walk {
 public:
  Walk(const S3Client& client, const std::string& bucket, const std::string& prefix, const S3ListingOptions& options,
       const std::function<Result<bool>(std::vector<S3Object>)>& visit, const Cancellation* cancellation)
      : client_(client),
        bucket_(bucket),
        options_(options),
        visit_(visit),
        cancellation_(cancellation),
        queue_(prefix) {}

  Status Run() {
    return ParallelFor(options_.threads, options_.threads, [&](std::int64_t) {
      Status status = Work();
      if (!status.ok()) queue_.Stop();
      return status;
    });
  }

 private:
  Status Work() {
    std::string prefix;
    std::size_t busy = 0;
    while (queue_.Take(&prefix, &busy)) {
      const bool folders = !options_.recursive || busy < 4 * static_cast<std::size_t>(options_.threads);
      const Status status = ListPrefix(prefix, folders);
      queue_.Done();
      ARROW_RETURN_NOT_OK(status);
    }
    return Status::OK();
  }

  Status ListPrefix(const std::string& prefix, bool folders) {
    std::string next;
    do {
      if (cancellation_ != nullptr) ARROW_RETURN_NOT_OK(cancellation_->Check());
      ARROW_ASSIGN_OR_RAISE(S3Page page, client_.List(bucket_, prefix, folders, next));
      next = std::move(page.next);
      if (options_.recursive) {
        for (std::string& folder : page.prefixes) queue_.Add(std::move(folder));
      }
      const std::lock_guard lock(visit_mutex_);
      ARROW_ASSIGN_OR_RAISE(const bool more, visit_(std::move(page.objects)));
      if (!more) {
        queue_.Stop();
        return Status::OK();
      }
    } while (!next.empty());
    return Status::OK();
  }

  const S3Client& client_;
  const std::string& bucket_;
  const S3ListingOptions& options_;
  const std::function<Result<bool>(std::vector<S3Object>)>& visit_;
  const Cancellation* cancellation_;
  PrefixQueue queue_;
  std::mutex visit_mutex_;
};

}  // namespace

Status ListS3(const S3Client& client, const std::string& bucket, const std::string& prefix,
              const S3ListingOptions& options, const std::function<Result<bool>(std::vector<S3Object> objects)>& visit,
              const Cancellation* cancellation) {
  return Walk(client, bucket, prefix, options, visit, cancellation).Run();
}

}  // namespace pomona
