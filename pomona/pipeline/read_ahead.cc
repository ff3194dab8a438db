#include "pomona/pipeline/read_ahead.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "pomona/base/exhaustion.h"

namespace pomona {

class ReadAhead::Batch {
 public:
  Batch(std::shared_ptr<const ManifestBlock> block, std::int64_t first, std::int64_t count,
        const std::vector<bool>& wanted)
      : block_(std::move(block)), first_(first), images_(static_cast<std::size_t>(count)) {
    for (std::size_t i = 0; i < wanted.size(); ++i) images_[i].wanted = wanted[i];
    Begun(0);
  }

 private:
  friend class ReadAhead;

  struct Image {
    Status status;
    ByteBuffer bytes;
    std::int64_t held = 0;  ///< bytes accounted for
    bool wanted = true;
    bool done = false;
  };

  /// The next `count` images are being read; behind them, goes on to one that is wanted.
  void Begun(std::size_t count) {
    begun_ += count;
    while (begun_ < images_.size() && !images_[begun_].wanted) ++begun_;
  }

  bool all_begun() const { return begun_ == images_.size(); }

  ManifestRow row(std::size_t i) const { return block_->row(first_ + static_cast<std::int64_t>(i)); }

  /// How many images from the i-th on lie side by side in one packed file, within `most` bytes; at least 1.
  std::size_t RunLength(std::size_t i, std::int64_t most) const {
    constexpr std::int64_t kWidestGap = 65'536;
    const ManifestRow first = row(i);
    std::size_t count = 1;
    if (first.offset < 0 || first.size < 0) return count;
    for (std::int64_t end = first.offset + first.size; i + count < images_.size() && images_[i + count].wanted;
         ++count) {
      const ManifestRow next = row(i + count);
      if (next.offset < end || next.offset > end + kWidestGap || next.key != first.key) break;
      if (next.offset + next.size - first.offset > most) break;
      end = next.offset + next.size;
    }
    return count;
  }

  std::shared_ptr<const ManifestBlock> block_;
  std::int64_t first_;
  std::vector<Image> images_;
  std::size_t begun_ = 0;
};

ReadAhead::ReadAhead(const ImagePlaces& places, const Options& options) : places_(places), options_(options) {
  try {
    for (int i = 0; i < std::max(options_.readers, 1); ++i) threads_.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {
    // The system starts no further thread. Those that are there read all; without any, none can.
    if (threads_.empty()) throw;
  }
}

ReadAhead::~ReadAhead() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void ReadAhead::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  stopping_.Cancel();
  can_read_.notify_all();
  was_read_.notify_all();
}

std::shared_ptr<ReadAhead::Batch> ReadAhead::Add(std::shared_ptr<const ManifestBlock> block, std::int64_t first,
                                                 std::int64_t count, const std::vector<bool>& wanted) {
  auto batch = std::make_shared<Batch>(std::move(block), first, count, wanted);
  const std::lock_guard lock(mutex_);
  if (!batch->all_begun()) waiting_.push_back(batch);
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
    const std::size_t i = batch->begun_;
    constexpr std::int64_t kLargestRun = std::int64_t{4} << 20U;
    const std::size_t count = batch->RunLength(i, std::min(kLargestRun, (options_.memory - held_) / 2));
    batch->Begun(count);
    if (batch->all_begun()) waiting_.pop_front();
    for (std::size_t k = i; k < i + count; ++k) {
      // A run is held twice for a moment: as it came, and in its images.
      batch->images_[k].held = count == 1 ? size : 2 * batch->row(k).size;
      held_ += batch->images_[k].held;
    }
    peak_ = std::max(peak_, held_);
    lock.unlock();
    const Status read = CatchExhaustion([&] {
      ReadRun(*batch, i, count);
      return Status::OK();
    });
    lock.lock();
    for (std::size_t k = i; k < i + count; ++k) {
      Batch::Image& image = batch->images_[k];
      if (!read.ok()) image.status = read;
      const auto bytes = static_cast<std::int64_t>(image.bytes.capacity());
      held_ += bytes - image.held;
      image.held = bytes;
      image.done = true;
    }
    peak_ = std::max(peak_, held_);
    was_read_.notify_all();
  }
}

// Nobody looks at an image before it is done, so the lock is not needed.
void ReadAhead::ReadRun(Batch& batch, std::size_t i, std::size_t count) {
  const ManifestRow first = batch.row(i);
  if (count == 1) {
    batch.images_[i].status = ReadImage(places_, first, &batch.images_[i].bytes, &stopping_);
    return;
  }
  const ManifestRow last = batch.row(i + count - 1);
  ByteBuffer all;
  const auto read = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const Location place, places_.Place(first.key));
    return ReadRange(place, {-1, first.mtime_ns, first.etag, places_.most_bytes()}, first.offset,
                     last.offset + last.size - first.offset, &all);
  };
  const Status status = read();
  for (std::size_t k = i; k < i + count; ++k) {
    Batch::Image& image = batch.images_[k];
    image.status = status;
    if (!status.ok()) continue;
    const ManifestRow row = batch.row(k);
    image.bytes.Resize(static_cast<std::size_t>(row.size));
    std::copy_n(all.data() + (row.offset - first.offset), row.size, image.bytes.data());
  }
}

}  // namespace pomona
