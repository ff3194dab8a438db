#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/io/interfaces.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/type_fwd.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Columns of a shard's part: index int64, path, label string, width, height int32, features
/// fixed_size_list<float32>[dim], thumbnail binary (null for most rows).
std::shared_ptr<arrow::Schema> PartSchema(std::int64_t dim);

/// \brief The type of a column of vectors: elements and lists are never null.
std::shared_ptr<arrow::DataType> VectorType(const std::shared_ptr<arrow::DataType>& element, std::int64_t dim);

/// \brief What a shard wrote.
struct PartFile {
  std::int64_t size = 0;  ///< bytes
  std::string sha256;
};

/// \brief Writes the rows of one shard as an Arrow IPC file, batch by batch, so that memory does not grow with them.
///
/// Parts live only until they are joined; this format costs no encoding. Thread safety: one thread at a time.
class PartWriter {
 public:
  static Result<PartWriter> Open(const Location& location, const std::shared_ptr<arrow::Schema>& schema);

  Status Write(const arrow::RecordBatch& rows) { return writer_->WriteRecordBatch(rows); }

  /// \brief Gives the part its name.
  Result<PartFile> Close();

 private:
  class HashingStream;
  PartWriter() = default;

  std::shared_ptr<HashingStream> stream_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

/// \brief Opens a part for reading. One thread at a time.
Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> OpenPart(const Location& location);

/// \return SHA-256 of a file's bytes
Result<std::string> FileSha256(const Location& location);

}  // namespace pomona
