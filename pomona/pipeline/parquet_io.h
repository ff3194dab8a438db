#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/metadata.h>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/parquet_memory.h"
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

/// Bytes that a table which others made may take at a time while it is read.
inline constexpr std::int64_t kTableMemory = 64'000'000;

/// Rows that are read of such a table at a time, and so between two looks at a cancellation.
inline constexpr std::int64_t kTableBatchRows = 1024;

/// \brief A Parquet file opened for reading. One thread at a time.
///
/// A file of a few kilobytes can claim, or hold, any number of bytes. So the footer may take 4 MiB or a sixteenth of
/// the file, row counts must add up, and what is decoded comes out of a pool that refuses more than `memory`.
class ParquetInput {
 public:
  /// \param[in] metadata of the same file, read before; null reads it
  /// \param[in] memory bytes that may be held at a time, those of tables that were read included
  /// \return Invalid where it is no Parquet, or breaks Parquet's rules or the limits
  static Result<ParquetInput> Open(const Location& location, std::shared_ptr<parquet::FileMetaData> metadata = nullptr,
                                   std::int64_t memory = kTableMemory);

  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return metadata_; }
  Result<std::shared_ptr<arrow::Schema>> Schema() const;

  /// \brief Reads some leaf columns of some row groups whole; no columns named: all.
  ///
  /// \return CapacityError, with the file and the limit, beyond the memory
  Result<std::shared_ptr<arrow::Table>> ReadRowGroups(const std::vector<int>& groups,
                                                      const std::vector<int>& columns = {}) const;

  Result<std::shared_ptr<arrow::Table>> ReadAll() const;

  /// \brief Visits all rows in batches of up to `kTableBatchRows`, of some leaf columns; never holds a row group.
  ///
  /// \return as `ReadRowGroups`; Cancelled
  Status VisitRows(const std::vector<int>& columns, const std::function<Status(const arrow::RecordBatch&)>& visit,
                   const Cancellation* cancellation = nullptr) const;

 private:
  /// Calls the library; whatever it throws becomes an error that names the file.
  Status Guarded(const std::function<Status()>& call) const;

  std::string display_;
  std::shared_ptr<LimitedMemoryPool> pool_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
};

/// \brief What a reader of a file with foreign content is opened with, out of a pool.
parquet::ReaderProperties LimitedReading(arrow::MemoryPool* pool);

/// \return Invalid where the footer of a file takes more than `ParquetInput` allows
Status CheckParquetFooter(arrow::io::RandomAccessFile* file);

/// \return Invalid where row counts are negative or do not add up
Status CheckParquetRowCounts(const parquet::FileMetaData& metadata);

/// \brief Key-value metadata of a file.
std::map<std::string, std::string> KeyValues(const parquet::FileMetaData& metadata);

}  // namespace pomona
