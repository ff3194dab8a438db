#include "pomona/pipeline/read_ahead.h"

#include <algorithm>
#include <utility>

namespace pomona {

class ReadAhead::Batch {
 public:
  Batch(std::shared_ptr<const ManifestBlock> block, std::int64_t first, std::int64_t count)
      : block_(std::move(block)), first_(first), images_(static_cast<std::size_t>(count)) {}

 private:
  friend class ReadAhead;

  struct Image {
    Status status;
    ByteBuffer bytes;
    std::int64_t held = 0;  ///< bytes accounted for
    bool done = false;
  };

  ManifestRow row(std::size_t i) const { return block_->row(first_ + static_cast<std::int64_t>(i)); }

  std::shared_ptr<const ManifestBlock> block_;
  std::int64_t first_;
  std::vector<Image> images_;
  std::size_t begun_ = 0;
};

ReadAhead::ReadAhead(const ImagePlaces& places, const Options& options) : places_(places), options_(options) {
  for (int i = 0; i < std::max(options_.readers, 1); ++i) threads_.emplace_back([this] { Work(); });
}

ReadAhead::~ReadAhead() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void ReadAhead::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  can_read_.notify_all();
  was_read_.notify_all();
}

std::shared_ptr<ReadAhead::Batch> ReadAhead::Add(std::shared_ptr<const ManifestBlock> block, std::int64_t first,
                                                 std::int64_t count) {
  auto batch = std::make_shared<Batch>(std::move(block), first, count);
  const std::lock_guard lock(mutex_);
  if (count > 0) waiting_.push_back(batch);
  can_read_.notify_all();
  return batch;
}

Status ReadAhead::Take(Batch& batch, std::int64_t i, ByteBuffer* bytes) {
  std::unique_lock lock(mutex_);
  Batch::Image& image = batch.images_[static_cast<std::size_t>(i)];
  was_read_.wait(lock, [&] { return image.done || stopped_; });
  if (!image.done) return Status::Cancelled("reading was stopped");
  std::swap(*bytes, image.bytes);
  image.bytes = ByteBuffer();
  held_ -= std::exchange(image.held, 0);
  can_read_.notify_all();
  return image.status;
}

std::int64_t ReadAhead::peak_memory() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

void ReadAhead::Work() {
  constexpr std::int64_t kUnknownSize = 1'000'000;  // of an image whose size no listing told
  std::unique_lock lock(mutex_);
  for (;;) {
    std::int64_t size = 0;
    can_read_.wait(lock, [&] {
      if (stopped_) return true;
      if (waiting_.empty()) return false;
      const std::int64_t listed = waiting_.front()->row(waiting_.front()->begun_).size;
      size = listed < 0 ? kUnknownSize : listed;
      return held_ == 0 || held_ + size <= options_.memory;
    });
    if (stopped_) return;
    const std::shared_ptr<Batch> batch = waiting_.front();
    const std::size_t i = batch->begun_++;
    if (batch->begun_ == batch->images_.size()) waiting_.pop_front();
    Batch::Image& image = batch->images_[i];
    image.held = size;
    held_ += size;
    peak_ = std::max(peak_, held_);
    lock.unlock();
    const ManifestRow row = batch->row(i);
    const Result<Location> place = places_.Place(row.key);
    ByteBuffer bytes;
    Status status = place.ok() ? ReadObject(*place, {row.size, row.mtime_ns, row.etag}, &bytes) : place.status();
    lock.lock();
    held_ += static_cast<std::int64_t>(bytes.capacity()) - image.held;
    peak_ = std::max(peak_, held_);
    image.held = static_cast<std::int64_t>(bytes.capacity());
    image.bytes = std::move(bytes);
    image.status = std::move(status);
    image.done = true;
    was_read_.notify_all();
  }
}

}  // namespace pomona
