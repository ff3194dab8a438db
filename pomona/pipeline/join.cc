#include "pomona/pipeline/join.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include "pomona/base/parallel.h"
#include "pomona/pipeline/output_folder.h"
#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/pipeline/thumbnails.h"

namespace pomona {
namespace {

constexpr int kIndexColumn = 0;
constexpr int kThumbnailColumn = 6;

std::int64_t FirstIndex(const arrow::RecordBatch& rows) {
  return static_cast<const arrow::Int64Array&>(*rows.column(kIndexColumn)).Value(0);
}

std::string NameIn(const JoinJob& job, std::string_view name) {
  return job.name_of ? job.name_of(name) : std::string(name);
}

/// Reads the batches of committed shards in manifest order, from any block on.
class ShardCursor {
 public:
  explicit ShardCursor(const JoinJob& job) : job_(job) {}

  /// \brief The rows of one block; blocks must be asked for in rising order.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Block(std::int64_t block) {
    const std::int64_t first = block * kBlockRows;
    const std::int64_t end = first + kBlockRows;
    const std::int64_t shard = first / job_.shard_size;
    if (shard != shard_) ARROW_RETURN_NOT_OK(Open(shard, first));
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
    while (next_ < reader_->num_record_batches()) {
      if (pending_ == nullptr) {
        ARROW_ASSIGN_OR_RAISE(pending_, reader_->ReadRecordBatch(next_));
      }
      if (FirstIndex(*pending_) >= end) break;
      rows.push_back(std::move(pending_));
      pending_ = nullptr;
      ++next_;
    }
    return rows;
  }

 private:
  /// Opens a shard's part at the first batch that is not before manifest index `first`.
  Status Open(std::int64_t shard, std::int64_t first) {
    ARROW_ASSIGN_OR_RAISE(const CommitRecord record, job_.store->Read(shard));
    ARROW_ASSIGN_OR_RAISE(reader_, OpenPart(job_.store->PartPlace(record.part)));
    shard_ = shard;
    pending_ = nullptr;
    int low = 0;
    int high = first == shard * job_.shard_size ? 0 : reader_->num_record_batches();
    while (low < high) {
      const int middle = low + (high - low) / 2;
      ARROW_ASSIGN_OR_RAISE(const auto rows, reader_->ReadRecordBatch(middle));
      if (FirstIndex(*rows) < first) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    next_ = low;
    return Status::OK();
  }

  const JoinJob& job_;
  std::int64_t shard_ = -1;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
  int next_ = 0;
  std::shared_ptr<arrow::RecordBatch> pending_;
};

/// Path, label, width, height, features.
std::shared_ptr<arrow::RecordBatch> WithoutIndexAndThumbnail(const arrow::RecordBatch& rows,
                                                             const std::shared_ptr<arrow::Schema>& schema) {
  return arrow::RecordBatch::Make(schema, rows.num_rows(),
                                  {rows.column(1), rows.column(2), rows.column(3), rows.column(4), rows.column(5)});
}

std::shared_ptr<arrow::Schema> FeatureSchema(std::int64_t dim) {
  const std::shared_ptr<arrow::Schema> part = PartSchema(dim);
  return arrow::schema({part->field(1), part->field(2), part->field(3), part->field(4), part->field(5)});
}

void KeepThumbnails(const arrow::RecordBatch& rows, std::vector<Thumbnail>* thumbnails) {
  const auto& column = static_cast<const arrow::BinaryArray&>(*rows.column(kThumbnailColumn));
  const auto& path = static_cast<const arrow::StringArray&>(*rows.column(1));
  for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
    if (!column.IsNull(i)) thumbnails->push_back({path.GetString(i), column.GetString(i)});
  }
}

/// Writes one feature part.
class PartJoin {
 public:
  PartJoin(const JoinJob& job, std::int64_t part)
      : job_(job), part_(part), cursor_(job), schema_(FeatureSchema(job.dim)) {}

  Result<JoinedPart> Run(const std::function<void(std::int64_t)>& advanced, std::vector<Thumbnail>* thumbnails,
                         const Cancellation* cancellation) {
    JoinedPart joined{NameIn(job_, PartName(output_names::kFeatures, part_)), 0, 0};
    ARROW_ASSIGN_OR_RAISE(ParquetOutput output, ParquetOutput::Open(job_.output.Child(joined.name), schema_));
    FeaturePartInfo info = job_.info;
    info.first_block = part_ * BlocksAPart(job_.dim);
    const std::int64_t end = std::min(BlockCount(job_.images), info.first_block + BlocksAPart(job_.dim));
    for (std::int64_t block = info.first_block; block < end; ++block) {
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(const std::int64_t rows, JoinBlock(block, &output, thumbnails));
      info.block_rows.push_back(rows);
      joined.rows += rows;
      advanced(std::min(kBlockRows, job_.images - block * kBlockRows));
    }
    ARROW_ASSIGN_OR_RAISE(joined.bytes, output.Close(info.ToKeyValues()));
    return joined;
  }

 private:
  Result<std::int64_t> JoinBlock(std::int64_t block, ParquetOutput* output, std::vector<Thumbnail>* thumbnails) {
    ARROW_ASSIGN_OR_RAISE(const auto batches, cursor_.Block(block));
    std::vector<std::shared_ptr<arrow::RecordBatch>> columns;
    for (const auto& batch : batches) {
      KeepThumbnails(*batch, thumbnails);
      columns.push_back(WithoutIndexAndThumbnail(*batch, schema_));
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, arrow::Table::FromRecordBatches(schema_, columns));
    const std::int64_t group_rows =
        std::max<std::int64_t>(1, kRowGroupBytes / (job_.dim * static_cast<std::int64_t>(sizeof(float))));
    for (std::int64_t first = 0; first < rows->num_rows(); first += group_rows) {
      ARROW_RETURN_NOT_OK(output->WriteRowGroup(rows->Slice(first, group_rows)));
    }
    return rows->num_rows();
  }

  const JoinJob& job_;
  const std::int64_t part_;
  ShardCursor cursor_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::vector<std::string> JoinedPartNames(std::int64_t images, std::int64_t dim) {
  std::vector<std::string> names;
  const std::int64_t blocks = BlockCount(images);
  for (std::int64_t block = 0; block < blocks; block += BlocksAPart(dim)) {
    names.push_back(PartName(output_names::kFeatures, block / BlocksAPart(dim)));
  }
  return names;
}

Result<std::vector<JoinedPart>> JoinShards(const JoinJob& job, const Cancellation* cancellation) {
  const auto parts = static_cast<std::int64_t>(JoinedPartNames(job.images, job.dim).size());
  std::vector<JoinedPart> joined(static_cast<std::size_t>(parts));
  std::vector<std::vector<Thumbnail>> thumbnails(joined.size());
  std::mutex mutex;
  const auto advanced = [&](std::int64_t images) {
    const std::lock_guard lock(mutex);
    if (job.advanced) job.advanced(images);
  };
  ARROW_RETURN_NOT_OK(ParallelFor(
      parts, job.threads,
      [&](std::int64_t part) -> Status {
        const auto i = static_cast<std::size_t>(part);
        PartJoin join(job, part);
        ARROW_ASSIGN_OR_RAISE(joined[i], join.Run(advanced, &thumbnails[i], cancellation));
        return Status::OK();
      },
      cancellation));
  std::vector<Thumbnail> all;
  for (std::vector<Thumbnail>& some : thumbnails) std::move(some.begin(), some.end(), std::back_inserter(all));
  ARROW_RETURN_NOT_OK(WriteThumbnails(job.output.Child(NameIn(job, output_names::kThumbnails)), all));
  return joined;
}

}  // namespace pomona
