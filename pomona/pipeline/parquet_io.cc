#include "pomona/pipeline/parquet_io.h"

#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>

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

Result<ParquetInput> ParquetInput::Open(const Location& location, std::shared_ptr<parquet::FileMetaData> metadata) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::io::RandomAccessFile> file, OpenInputFile(location));
  ParquetInput input;
  parquet::arrow::FileReaderBuilder builder;
  const Status opened = builder.Open(std::move(file), parquet::default_reader_properties(), std::move(metadata));
  if (!opened.ok()) return opened.WithMessage(location.display, " cannot be read: ", opened.message());
  ARROW_RETURN_NOT_OK(builder.Build(&input.reader));
  input.metadata = input.reader->parquet_reader()->metadata();
  return input;
}

std::map<std::string, std::string> KeyValues(const parquet::FileMetaData& metadata) {
  std::map<std::string, std::string> values;
  const std::shared_ptr<const arrow::KeyValueMetadata>& pairs = metadata.key_value_metadata();
  for (std::int64_t i = 0; pairs != nullptr && i < pairs->size(); ++i) values[pairs->key(i)] = pairs->value(i);
  return values;
}

}  // namespace pomona
