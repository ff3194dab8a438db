#include "pomona/pipeline/shard.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "pomona/base/parallel.h"
#include "pomona/pipeline/part_file.h"

namespace pomona {
namespace {

/// A shard under way: batches come in any order and are written in theirs.
class OpenShard {
 public:
  OpenShard(const ShardJob& job, std::int64_t number)
      : job_(job), number_(number), part_(ShardStore::NewPartName(number)) {}

  /// \brief Takes a finished batch; whoever brings the next one in order writes it and all that wait behind it.
  ///
  /// \param[in] last whether it is the shard's last batch
  /// \return batches written by this call
  Result<std::int64_t> Add(std::int64_t sequence, BatchResult batch, bool last) {
    std::unique_lock lock(mutex_);
    if (last) batches_ = sequence + 1;
    waiting_.emplace(sequence, std::move(batch));
    if (writing_) return 0;
    writing_ = true;
    std::int64_t count = 0;
    for (auto next = waiting_.find(written_); next != waiting_.end(); next = waiting_.find(written_)) {
      const BatchResult ready = std::move(next->second);
      waiting_.erase(next);
      const bool completes = written_ + 1 == batches_;
      lock.unlock();
      ARROW_RETURN_NOT_OK(Write(ready, completes));
      lock.lock();
      ++written_;
      ++count;
    }
    writing_ = false;
    return count;
  }

 private:
  Status Write(const BatchResult& batch, bool last) {
    const auto start = std::chrono::steady_clock::now();
    if (!writer_) {
      ARROW_ASSIGN_OR_RAISE(writer_, PartWriter::Open(job_.store->PartPlace(part_), batch.rows->schema()));
    }
    if (batch.rows->num_rows() > 0) ARROW_RETURN_NOT_OK(writer_->Write(*batch.rows));
    record_.ok += batch.rows->num_rows();
    record_.failures.insert(record_.failures.end(), batch.failures.begin(), batch.failures.end());
    record_.seconds += batch.seconds;
    if (last) {
      ARROW_ASSIGN_OR_RAISE(record_.file, writer_->Close());
    }
    record_.seconds.write += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!last) return Status::OK();
    record_.shard = number_;
    record_.part = part_;
    if (job_.may_commit) ARROW_RETURN_NOT_OK(job_.may_commit());
    return job_.store->Commit(record_).status();
  }

  const ShardJob& job_;
  const std::int64_t number_;
  const std::string part_;

  std::mutex mutex_;
  std::map<std::int64_t, BatchResult> waiting_;
  bool writing_ = false;
  std::int64_t batches_ = -1;  ///< of the shard; known once the last one comes

  // Touched by the writing thread only.
  std::int64_t written_ = 0;
  std::optional<PartWriter> writer_;
  CommitRecord record_;
};

/// One batch to be done.
struct Task {
  std::shared_ptr<OpenShard> shard;
  std::shared_ptr<const ManifestBlock> block;
  std::int64_t first = 0;  ///< row of the block
  std::int64_t count = 0;
  std::int64_t images = 0;    ///< rows of those that are read
  std::int64_t sequence = 0;  ///< batch number in its shard
  std::int64_t shard_number = 0;
  BatchReads reads;
  bool last = false;                                         ///< of its shard
  std::shared_ptr<const std::vector<PreviousRow>> previous;  ///< one entry for each row of the block; may be null
};

/// Hands out the batches of all shards in order.
class TaskQueue {
 public:
  /// \param[in] reads where images are read ahead; null where they are not
  TaskQueue(const ShardJob& job, std::span<const std::int64_t> shards, ReadAhead* reads)
      : job_(job),
        shards_(shards),
        reads_(reads),
        batch_rows_(std::clamp<std::int64_t>(job.recipe.extractor->batch_size(), 1, kBlockRows)),
        ahead_(std::max<std::int64_t>(job.batches_ahead, job.threads)) {
    for (const std::int64_t shard : shards) rows_left_ += ShardEnd(shard) - shard * job.shard_size;
  }

  /// \return nothing when all is handed out or the queue was stopped
  Result<std::optional<Task>> Next() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return stopped_ || handed_out_ - written_ < ahead_; });
    if (stopped_) return std::nullopt;
    while (WantsMoreTasks()) {
      ARROW_ASSIGN_OR_RAISE(std::optional<Task> task, MakeTask());
      if (!task) break;
      ready_images_ += task->images;
      ready_.push_back(*std::move(task));
    }
    if (ready_.empty()) return std::nullopt;
    Task task = std::move(ready_.front());
    ready_.pop_front();
    ready_images_ -= task.images;
    last_begun_ = std::max(last_begun_, task.shard_number);
    ++handed_out_;
    return task;
  }

  void Wrote(std::int64_t batches) {
    if (batches == 0) return;
    const std::lock_guard lock(mutex_);
    written_ += batches;
    moved_.notify_all();
  }

  /// \brief Starts no further shard.
  void FinishShards() {
    const std::lock_guard lock(mutex_);
    no_more_shards_ = true;
    std::erase_if(ready_, [&](const Task& task) { return task.shard_number > last_begun_; });
    ready_images_ = 0;
    for (const Task& task : ready_) ready_images_ += task.images;
    if (shard_ != nullptr && shard_number_ > last_begun_) shard_ = nullptr;
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    moved_.notify_all();
    if (reads_ != nullptr) reads_->Stop();
  }

 private:
  /// Batches whose images are asked for before a thread wants them: enough to keep all readers busy. Of a change most
  /// batches hold few images that are read.
  bool WantsMoreTasks() const {
    if (reads_ == nullptr) return ready_.empty();
    constexpr std::size_t kMostTasks = 64;
    const std::int64_t images = (1 + job_.threads) * BatchRows() + 2 * job_.read_ahead.readers;
    return ready_.empty() || (ready_images_ < images && ready_.size() < kMostTasks);
  }

  /// The next batch, its reading begun; nothing after the last one.
  Result<std::optional<Task>> MakeTask() {
    if (shard_ == nullptr && !BeginShard()) return std::nullopt;
    if (block_ == nullptr) {
      const Result<std::shared_ptr<const ManifestBlock>> block = job_.manifest->ReadBlock(row_ / kBlockRows);
      ARROW_RETURN_NOT_OK(block.status());
      block_ = *block;
      ARROW_RETURN_NOT_OK(FindPrevious());
    }
    Task task{shard_, block_, row_ - block_->first(), 0, 0, sequence_++, shard_number_, {}, false, previous_};
    task.count = task.images = RowsOfTask(task.first);
    rows_left_ -= task.count;
    std::vector<bool> wanted;
    if (previous_ != nullptr) {
      wanted = WantedOf(task);
      task.images = std::count(wanted.begin(), wanted.end(), true);
    }
    if (reads_ != nullptr) task.reads = {reads_, reads_->Add(block_, task.first, task.count, wanted)};
    row_ += task.count;
    task.last = row_ == shard_end_;
    if (row_ - block_->first() == block_->size()) block_ = nullptr;
    if (row_ == shard_end_) shard_ = nullptr;
    return task;
  }

  std::int64_t ShardEnd(std::int64_t shard) const {
    return std::min((shard + 1) * job_.shard_size, job_.manifest->size());
  }

  /// Images of the next batch. Where small batches cost little, they shrink towards the end, so that no thread waits
  /// long for the last one.
  std::int64_t BatchRows() const {
    if (job_.recipe.extractor->pads_batches()) return batch_rows_;
    constexpr std::int64_t kSmallest = 8;
    const std::int64_t share = rows_left_ / (2 * std::max(job_.threads, 1));
    return std::clamp(share, std::min(kSmallest, batch_rows_), batch_rows_);
  }

  bool BeginShard() {
    if (no_more_shards_ || next_shard_ == shards_.size()) return false;
    const std::int64_t number = shards_[next_shard_++];
    row_ = number * job_.shard_size;
    shard_end_ = ShardEnd(number);
    sequence_ = 0;
    shard_number_ = number;
    block_ = nullptr;
    shard_ = std::make_shared<OpenShard>(job_, number);
    return true;
  }

  Status FindPrevious() {
    previous_ = nullptr;
    if (job_.recipe.previous == nullptr) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(std::vector<PreviousRow> rows, job_.recipe.previous->Of(*block_));
    previous_ = std::make_shared<const std::vector<PreviousRow>>(std::move(rows));
    return Status::OK();
  }

  /// Which rows of a task are read.
  static std::vector<bool> WantedOf(const Task& task) {
    std::vector<bool> wanted(static_cast<std::size_t>(task.count));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      wanted[i] = (*task.previous)[static_cast<std::size_t>(task.first) + i].kind == PreviousRow::Kind::kWanted;
    }
    return wanted;
  }

  /// As many rows as hold one batch of images to be read, so that a few new images among many known ones fill their
  /// batches, too.
  std::int64_t RowsOfTask(std::int64_t first) const {
    constexpr std::int64_t kTaskBytes = 16'000'000;
    const std::int64_t end = block_->size();
    const std::int64_t batch = BatchRows();
    if (previous_ == nullptr) return std::min(batch, end - first);
    const std::int64_t most =
        std::max(batch, kTaskBytes / (job_.recipe.extractor->dim() * static_cast<std::int64_t>(sizeof(float))));
    std::int64_t wanted = 0;
    std::int64_t row = first;
    for (; row < std::min(end, first + most); ++row) {
      const bool read = (*previous_)[static_cast<std::size_t>(row)].kind == PreviousRow::Kind::kWanted;
      if (read && wanted++ == batch) break;
    }
    return row - first;
  }

  const ShardJob& job_;
  const std::span<const std::int64_t> shards_;
  ReadAhead* const reads_;
  const std::int64_t batch_rows_;
  const std::int64_t ahead_;  ///< batches that may be handed out and not yet written

  std::mutex mutex_;
  std::condition_variable moved_;
  std::size_t next_shard_ = 0;
  std::deque<Task> ready_;         ///< made and not yet handed out
  std::int64_t ready_images_ = 0;  ///< that are read for those
  std::shared_ptr<OpenShard> shard_;
  std::int64_t shard_number_ = -1;
  std::int64_t last_begun_ = -1;  ///< shard of which a batch was handed out
  std::shared_ptr<const ManifestBlock> block_;
  std::shared_ptr<const std::vector<PreviousRow>> previous_;
  std::int64_t row_ = 0;
  std::int64_t shard_end_ = 0;
  std::int64_t rows_left_ = 0;  ///< of all shards, not yet made into batches
  std::int64_t sequence_ = 0;
  std::int64_t handed_out_ = 0;
  std::int64_t written_ = 0;
  bool no_more_shards_ = false;
  bool stopped_ = false;
};

/// What every thread does.
Status Work(const ShardJob& job, TaskQueue* queue, std::mutex* advanced_mutex, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<BatchWorker> worker, BatchWorker::Make(job.recipe, *job.places));
  for (;;) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    ARROW_ASSIGN_OR_RAISE(std::optional<Task> task, queue->Next());
    if (!task) return Status::OK();
    std::span<const PreviousRow> previous;
    if (task->previous != nullptr) {
      previous = std::span(*task->previous)
                     .subspan(static_cast<std::size_t>(task->first), static_cast<std::size_t>(task->count));
    }
    ARROW_ASSIGN_OR_RAISE(BatchResult batch,
                          worker->Process(*task->block, task->first, task->count, previous, cancellation, task->reads));
    const auto failed = static_cast<std::int64_t>(batch.failures.size());
    const std::int64_t read = batch.images_read;
    ARROW_ASSIGN_OR_RAISE(const std::int64_t written, task->shard->Add(task->sequence, std::move(batch), task->last));
    queue->Wrote(written);
    if (!job.advanced) continue;
    const std::lock_guard lock(*advanced_mutex);
    if (!job.advanced(task->count, failed, read)) queue->FinishShards();
  }
}

}  // namespace

Status RunShards(const ShardJob& job, std::span<const std::int64_t> shards, const Cancellation* cancellation) {
  if (shards.empty()) return Status::OK();
  std::unique_ptr<ReadAhead> reads;
  if (job.places->remote()) reads = std::make_unique<ReadAhead>(*job.places, job.read_ahead);
  TaskQueue queue(job, shards, reads.get());
  std::mutex advanced_mutex;
  std::mutex error_mutex;
  Status first_error;  // the others only say that they were stopped
  const Status status = ParallelFor(job.threads, job.threads, [&](std::int64_t) {
    Status error = Work(job, &queue, &advanced_mutex, cancellation);
    if (error.ok()) return error;
    {
      const std::lock_guard lock(error_mutex);
      if (first_error.ok()) first_error = error;
    }
    queue.Stop();
    return error;
  });
  return first_error.ok() ? status : first_error;
}

}  // namespace pomona
