#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/metadata.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// No row group of a Pomona file holds more bytes than this, before compression, unless one row does.
inline constexpr std::int64_t kRowGroupBytes = 16'000'000;

/// \brief A Parquet file that appears under its name when it is closed.
///
/// Text columns are compressed (zstd, level 1); vector columns (fixed-size lists) are stored plainly, because floats
/// hardly compress and decoding would cost more than reading.
///
/// Thread safety: one thread at a time.
class ParquetOutput {
 public:
  static Result<ParquetOutput> Open(const Location& location, const std::shared_ptr<arrow::Schema>& schema);

  /// \brief Writes one row group.
  Status WriteRowGroup(const std::shared_ptr<arrow::Table>& rows);
  Status WriteRowGroup(const std::shared_ptr<arrow::RecordBatch>& rows);

  /// \brief Adds key-value metadata and gives the file its name.
  ///
  /// \return its size in bytes
  Result<std::int64_t> Close(const std::map<std::string, std::string>& metadata);

 private:
  ParquetOutput() = default;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

/// \brief A Parquet file opened for reading. One thread at a time.
struct ParquetInput {
  /// \param[in] metadata of the same file, read before; null reads it
  static Result<ParquetInput> Open(const Location& location, std::shared_ptr<parquet::FileMetaData> metadata = nullptr);

  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<parquet::FileMetaData> metadata;
};

/// \brief Key-value metadata of a file.
std::map<std::string, std::string> KeyValues(const parquet::FileMetaData& metadata);

}  // namespace pomona
