#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include "pomona/base/status.h"
#include "pomona/base/text.h"
#include "pomona/storage/location.h"
#include "pomona/storage/skipped_names.h"

namespace pomona {

/// Manifest rows whose state is summed together: the unit of numerics.
inline constexpr std::int64_t kBlockRows = 1024;

/// \return blocks that so many manifest rows make
constexpr std::int64_t BlockCount(std::int64_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

/// \brief One image to be read. Views live as long as what they came from.
struct ManifestRow {
  std::string_view path;   ///< as the user would type it; valid UTF-8
  std::string_view key;    ///< raw bytes below the input, or a whole path or URI (of a list file)
  std::string_view label;  ///< valid UTF-8
  std::int64_t size = -1;  ///< bytes; -1 when not known
  std::int64_t mtime_ns = 0;
  std::string_view etag;     ///< of S3, without quotes; "" when not known
  std::int64_t offset = -1;  ///< where the image begins inside the file that `key` names; -1: it is the whole file
};

/// \brief Manifest rows in memory while the input is listed: about 25 bytes an image, its path and its ETag.
///
/// Rows are packed one after the other into memory that never moves, so that a row more never copies those before it.
///
/// Thread safety: const calls may run together.
class ManifestRows {
 public:
  /// \param[in] prefix what `path` has before `key` in almost all rows, such as "data/"
  /// \param[in] memory_limit bytes that `CheckMemory` allows
  explicit ManifestRows(std::string prefix, std::int64_t memory_limit = std::numeric_limits<std::int64_t>::max())
      : prefix_(std::move(prefix)), memory_limit_(memory_limit) {}

  /// \brief Adds the row of a key below the prefix.
  void Add(std::string_view key, std::string_view label, std::int64_t size, std::int64_t mtime_ns,
           std::string_view etag = {}) {
    AddRow({prefix_ + ToValidUtf8(key), key, label, size, mtime_ns, etag, -1});
  }

  /// \brief Adds the row of a key that is a whole path or URI.
  void AddWhole(std::string_view key, std::string_view label, std::int64_t size, std::int64_t mtime_ns) {
    AddRow({ToValidUtf8(key), key, label, size, mtime_ns, {}, -1});
  }

  /// \brief Adds a row whatever its path and key have to do with each other.
  void AddRow(const ManifestRow& row);

  /// \brief Whether the rows are within the limit: a small file can name any number of images.
  ///
  /// \return UsageError that says what to do
  Status CheckMemory() const;
  std::int64_t memory_limit() const { return memory_limit_; }

  /// \brief Sorts by the UTF-8 bytes of `path`; equal ones by `key`.
  void Sort();

  /// \brief Looks, in sorted rows, for names that differ only in bytes that `path` shows as `%XX`.
  ///
  /// \return UsageError with both names, where a file is called `z%FF.jpg` and another has the byte FF there
  Status CheckPaths() const;

  /// \brief Keeps only these rows. \param[in] rows in rising order
  void Keep(std::span<const std::int64_t> rows);

  std::int64_t size() const { return static_cast<std::int64_t>(records_.size()); }

  /// \return row i, whose views are good until a row is added
  ManifestRow row(std::int64_t i) const;

  /// \brief The number of row i's label, and all labels by number.
  std::int32_t label_number(std::int64_t i) const;
  const std::vector<std::string>& labels() const { return labels_; }

  const std::string& prefix() const { return prefix_; }

  /// \brief Files that were left out because of their names; nothing where that is not known.
  const std::optional<SkippedFiles>& skipped() const { return skipped_; }
  void set_skipped(const std::optional<SkippedFiles>& files) { skipped_ = files; }

 private:
  std::int32_t NumberOfLabel(std::string_view label);

  std::string prefix_;
  std::int64_t memory_limit_;
  std::int64_t bytes_ = 0;  ///< of records and labels
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>();
  std::vector<const char*> records_;  ///< of the rows, in `memory_`
  std::vector<std::string> labels_;
  std::map<std::string, std::int32_t, std::less<>> label_numbers_;
  std::optional<SkippedFiles> skipped_;
};

/// \brief Writes the manifest.
///
/// \return SHA-256 of its content: paths, keys, labels and sizes, in order
Result<std::string> WriteManifest(const ManifestRows& rows, const Location& location);

/// \brief Up to `kBlockRows` consecutive rows of a manifest.
class ManifestBlock {
 public:
  std::int64_t first() const { return first_; }  ///< manifest index of row 0
  std::int64_t size() const { return path_->length(); }
  ManifestRow row(std::int64_t i) const;

 private:
  friend class Manifest;
  std::int64_t first_ = 0;
  std::size_t prefix_length_ = 0;
  std::shared_ptr<arrow::StringArray> path_;
  std::shared_ptr<arrow::BinaryArray> key_;
  std::shared_ptr<arrow::StringArray> label_;
  std::shared_ptr<arrow::Int64Array> size_;
  std::shared_ptr<arrow::Int64Array> mtime_ns_;
  std::shared_ptr<arrow::StringArray> etag_;   ///< null in manifests of older versions
  std::shared_ptr<arrow::Int64Array> offset_;  ///< the same
};

/// \brief A manifest in its file, read block by block; memory does not depend on the number of rows.
///
/// Thread safety: calls may run together.
class Manifest {
 public:
  static Result<std::unique_ptr<Manifest>> Open(const Location& location);

  std::int64_t size() const { return size_; }

  /// \brief As `ManifestRows` has it; nothing in manifests of older versions.
  const std::optional<SkippedFiles>& skipped() const { return skipped_; }

  Result<std::shared_ptr<const ManifestBlock>> ReadBlock(std::int64_t block) const;

 private:
  Manifest() = default;

  Location location_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::int64_t size_ = 0;
  std::size_t prefix_length_ = 0;
  std::optional<SkippedFiles> skipped_;

  mutable std::mutex mutex_;
  mutable std::int64_t group_ = -1;  ///< row group that `table_` holds
  mutable std::shared_ptr<arrow::Table> table_;
};

}  // namespace pomona
