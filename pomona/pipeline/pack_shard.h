#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/pipeline/manifest.h"

namespace pomona {

/// \brief What shards are written as.
enum class PackFormat {
  kTar,      ///< WebDataset: an image and a .json with its path and label
  kParquet,  ///< columns `path`, `label` and `bytes`; row groups of about 16 MB, images as they are
};

/// \return "tar" or "parquet"
std::string_view PackFormatName(PackFormat format);

/// \return "pack-00003.tar"
std::string PackShardName(std::int64_t number, PackFormat format);

/// \return whether a file's name, without folders, is one that `PackShardName` gives
bool IsPackShardName(std::string_view name);

/// \brief One packed file while it is written. One thread at a time.
class PackShard {
 public:
  virtual ~PackShard() = default;

  /// \brief Adds an image. \param[in] number of the image among all that are packed
  virtual Status Add(std::int64_t number, const ManifestRow& row, std::string_view bytes) = 0;

  /// \brief Bytes so far, those that wait in memory included.
  virtual std::int64_t size() const = 0;

  /// \brief Writes what is left and closes the stream.
  virtual Status Close() = 0;
};

/// \brief A tar archive as WebDataset has it: `NNNNNNNNN.jpg` and `NNNNNNNNN.json` with path and label.
std::unique_ptr<PackShard> MakeTarShard(std::shared_ptr<arrow::io::OutputStream> stream);

/// \brief A Parquet file with the columns `path`, `label` and `bytes`.
///
/// Photographs hardly compress: their column is stored plainly. A row group holds at most 1,024 images and 16 MB,
/// unless one image is larger, so that neither writer nor reader ever needs more than that in memory.
Result<std::unique_ptr<PackShard>> MakeParquetShard(std::shared_ptr<arrow::io::OutputStream> stream);

Result<std::unique_ptr<PackShard>> MakePackShard(PackFormat format, std::shared_ptr<arrow::io::OutputStream> stream);

}  // namespace pomona
