#include "pomona/pipeline/parquet_io.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <numeric>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "pomona/base/exhaustion.h"
#include "pomona/base/text.h"
#include "pomona/storage/file_io.h"

namespace pomona {

Result<ParquetOutput> ParquetOutput::Open(const Location& location, const std::shared_ptr<arrow::Schema>& schema) {
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::ZSTD)->compression_level(1);
  for (const std::shared_ptr<arrow::Field>& field : schema->fields()) {
    if (field->type()->id() != arrow::Type::FIXED_SIZE_LIST) continue;
    const std::string column = field->name() + ".list.element";
    properties.disable_dictionary(column)
        ->compression(column, parquet::Compression::UNCOMPRESSED)
        ->compression_level(column, arrow::util::kUseDefaultCompressionLevel)
        ->disable_statistics(column);
  }
  parquet::ArrowWriterProperties::Builder arrow_properties;
  arrow_properties.store_schema();

  ParquetOutput output;
  ARROW_ASSIGN_OR_RAISE(output.stream_, OpenAtomicOutput(location));
  ARROW_ASSIGN_OR_RAISE(output.writer_,
                        parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), output.stream_,
                                                         properties.build(), arrow_properties.build()));
  return output;
}

Status ParquetOutput::WriteRowGroup(const std::shared_ptr<arrow::Table>& rows) {
  return writer_->WriteTable(*rows, std::max<std::int64_t>(rows->num_rows(), 1));
}

Status ParquetOutput::WriteRowGroup(const std::shared_ptr<arrow::RecordBatch>& rows) {
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, arrow::Table::FromRecordBatches({rows}));
  return WriteRowGroup(table);
}

Result<std::int64_t> ParquetOutput::Close(const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& [key, value] : metadata) {
    keys.push_back(key);
    values.push_back(value);
  }
  ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(arrow::key_value_metadata(std::move(keys), std::move(values))));
  ARROW_RETURN_NOT_OK(writer_->Close());
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, stream_->Tell());
  ARROW_RETURN_NOT_OK(stream_->Close());
  return size;
}

parquet::ReaderProperties LimitedReading(arrow::MemoryPool* pool) {
  constexpr std::int32_t kLongestString = 64 << 20;  // of the metadata; the footer's size is checked before
  constexpr std::int32_t kLargestContainer = 1'000'000;
  parquet::ReaderProperties properties(pool);
  properties.set_thrift_string_size_limit(kLongestString);
  properties.set_thrift_container_size_limit(kLargestContainer);
  return properties;
}

Status CheckParquetFooter(arrow::io::RandomAccessFile* file) {
  constexpr std::int64_t kTail = 8;  // the footer's size and "PAR1"
  constexpr std::int64_t kSmallFooter = 4 << 20;
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, file->GetSize());
  if (size < kTail) return Status::Invalid("it is too short for a Parquet file");
  std::array<std::uint8_t, kTail> tail{};
  ARROW_ASSIGN_OR_RAISE(const std::int64_t count, file->ReadAt(size - kTail, kTail, tail.data()));
  if (count != kTail || std::memcmp(tail.data() + 4, "PAR1", 4) != 0) return Status::Invalid("it is no Parquet file");
  const std::int64_t footer = tail[0] | tail[1] << 8 | tail[2] << 16 | std::int64_t{tail[3]} << 24;
  const std::int64_t most = std::max(kSmallFooter, size / 16);
  if (footer <= most) return Status::OK();
  return Status::Invalid("its footer takes ", HumanBytes(static_cast<double>(footer)), ", more than the limit of ",
                         HumanBytes(static_cast<double>(most)), ": write it with fewer and larger row groups");
}

Status CheckParquetRowCounts(const parquet::FileMetaData& metadata) {
  std::int64_t left = metadata.num_rows();
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const std::int64_t rows = metadata.RowGroup(group)->num_rows();
    if (rows < 0 || rows > left) return Status::Invalid("the row counts in its footer do not add up");
    left -= rows;
  }
  return left == 0 ? Status::OK() : Status::Invalid("the row counts in its footer do not add up");
}

Status ParquetInput::Guarded(const std::function<Status()>& call) const {
  Status status;
  try {
    status = call();
  } catch (const parquet::ParquetStatusException& error) {
    status = error.status();
  } catch (const std::bad_alloc&) {
    status = OutOfMemoryError();
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  if (status.ok()) return status;
  if (pool_->refusals() > 0) {
    return Status::CapacityError(
        display_, " cannot be read: ", kTableBatchRows, " rows or a page of it take more than the limit of ",
        HumanBytes(static_cast<double>(pool_->limit())), ": write it with shorter values or smaller pages");
  }
  return status.WithMessage(display_, " cannot be read: ", status.message());
}

Result<ParquetInput> ParquetInput::Open(const Location& location, std::shared_ptr<parquet::FileMetaData> metadata,
                                        std::int64_t memory) {
  ParquetInput input;
  input.display_ = location.display;
  input.pool_ = LimitedMemoryPool::Make(memory);
  ARROW_ASSIGN_OR_RAISE(input.file_, OpenInputFile(location));
  const auto open = [&]() -> Status {
    if (metadata == nullptr) ARROW_RETURN_NOT_OK(CheckParquetFooter(input.file_.get()));
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(input.file_, LimitedReading(input.pool_.get()), std::move(metadata)));
    ARROW_RETURN_NOT_OK(builder.memory_pool(input.pool_.get())->Build(&input.reader_));
    // The library's metadata keep a plain pointer to the pool, so they keep the pool as well.
    using Kept = std::pair<std::shared_ptr<LimitedMemoryPool>, std::shared_ptr<parquet::FileMetaData>>;
    const auto kept = std::make_shared<Kept>(input.pool_, input.reader_->parquet_reader()->metadata());
    input.metadata_ = {kept, kept->second.get()};
    return CheckParquetRowCounts(*input.metadata_);
  };
  ARROW_RETURN_NOT_OK(input.Guarded(open));
  return input;
}

Result<std::shared_ptr<arrow::Schema>> ParquetInput::Schema() const {
  std::shared_ptr<arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(Guarded([&] { return reader_->GetSchema(&schema); }));
  return schema;
}

Result<std::shared_ptr<arrow::Table>> ParquetInput::ReadRowGroups(const std::vector<int>& groups,
                                                                  const std::vector<int>& columns) const {
  std::shared_ptr<arrow::Table> table;
  ARROW_RETURN_NOT_OK(Guarded([&] {
    return (columns.empty() ? reader_->ReadRowGroups(groups) : reader_->ReadRowGroups(groups, columns)).Value(&table);
  }));
  return table;
}

Result<std::shared_ptr<arrow::Table>> ParquetInput::ReadAll() const {
  std::vector<int> groups(static_cast<std::size_t>(metadata_->num_row_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  return ReadRowGroups(groups);
}

Status ParquetInput::VisitRows(const std::vector<int>& columns,
                               const std::function<Status(const arrow::RecordBatch&)>& visit,
                               const Cancellation* cancellation) const {
  constexpr std::int64_t kStreamBytes = 1'000'000;  // of one ranged request, for each column
  // A reader of its own: one that streams through the row groups instead of reading each ahead.
  parquet::ReaderProperties properties = LimitedReading(pool_.get());
  properties.enable_buffered_stream();
  properties.set_buffer_size(kStreamBytes);
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_batch_size(kTableBatchRows);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::unique_ptr<arrow::RecordBatchReader> batches;
  ARROW_RETURN_NOT_OK(Guarded([&]() -> Status {
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(file_, properties, metadata_));
    ARROW_RETURN_NOT_OK(builder.memory_pool(pool_.get())->properties(arrow_properties)->Build(&reader));
    std::vector<int> groups(static_cast<std::size_t>(reader->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    return reader->GetRecordBatchReader(groups, columns).Value(&batches);
  }));
  for (;;) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(Guarded([&] { return batches->ReadNext(&batch); }));
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(visit(*batch));
  }
}

std::map<std::string, std::string> KeyValues(const parquet::FileMetaData& metadata) {
  std::map<std::string, std::string> values;
  const std::shared_ptr<const arrow::KeyValueMetadata>& pairs = metadata.key_value_metadata();
  for (std::int64_t i = 0; pairs != nullptr && i < pairs->size(); ++i) values[pairs->key(i)] = pairs->value(i);
  return values;
}

}  // namespace pomona
