#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/input_names.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/parquet_memory.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief True when a name says that a file is Parquet: it ends in .parquet.
bool IsParquetFile(std::string_view name);

/// \brief Adds a row for each row of a Parquet file that has a column of image bytes; reads paths and labels only.
///
/// The bytes stand in the column that the options name, else in one called `bytes`, `image`, `content`, `data`, `jpg`,
/// `jpeg`, `png` or `webp` (also as `image.bytes`, a field of a structure), else in the only binary column of a file
/// without a column `path`. Paths come from the column `path`, `uri`, `url`, `key`, `file_name`, `filename`, `__key__`
/// or `image.path`; a row without one is named by its number: `FILE/000000012`. Labels come from the column `label`
/// (text or integers), else from the labeler.
///
/// \param[in] key of the file, for `ImagePlaces` \param[in] file what a listing says of it
/// \param[in,out] names is told of the paths that stand in the file
/// \param[in,out] rows `offset` becomes the row's number in the file, `size` stays unknown
/// \return false, and nothing added, when the file has no such column or is no Parquet; UsageError for a column that is
/// not there or of
///         another type, for a path that stands there twice, with both rows named, and for what exceeds a limit
///         (input_limits.h, parquet_io.h); Cancelled
Result<bool> AddParquetImages(const Location& place, std::string_view key, const ListedFile& file,
                              const InputColumns& columns, const Labeler& labeler, InputNames* names,
                              ManifestRows* rows, const Cancellation* cancellation = nullptr);

/// \brief Reads images out of Parquet files, row group by row group, as a stream of ranged requests.
///
/// Of each file one page is held, and images that lie between those that were asked for, up to a limit. Rows that are
/// asked for in rising order are decoded once; others cost the decoding of their row group up to them.
///
/// Thread safety: calls may run together; those for one file wait for each other.
class ParquetImages {
 public:
  /// \param[in] memory bytes of images that are held for later, in all
  /// \param[in] most_bytes of one image; twice as many may be held of pages, of all files together
  ParquetImages(InputColumns columns, std::int64_t memory, std::int64_t most_bytes);
  ~ParquetImages();
  ParquetImages(const ParquetImages&) = delete;
  ParquetImages& operator=(const ParquetImages&) = delete;

  /// \param[in] expected version of the file; its `size` is not looked at, that in a `SizeTag` is
  /// \param[out] bytes of the row; none where it is null
  /// \return `ImageFailure` kMissing, kChanged, kCorrupt where the file breaks Parquet's rules, kTooLarge for an image
  /// or
  ///         its page, kUnreadable; `IsStoreDown`; Cancelled
  Status Read(const Location& place, const FileVersion& expected, std::int64_t row, ByteBuffer* bytes,
              const Cancellation* cancellation = nullptr);

 private:
  class File;
  static constexpr std::size_t kOpenFiles = 4;

  std::shared_ptr<File> FileOf(const Location& place, const FileVersion& expected);

  const InputColumns columns_;
  const std::int64_t memory_;
  const std::int64_t most_bytes_;
  const std::shared_ptr<LimitedMemoryPool> pool_;
  std::shared_mutex gate_;  ///< held alone by who needs the memory of all files
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<File>>> files_;  ///< the latest first
};

}  // namespace pomona
