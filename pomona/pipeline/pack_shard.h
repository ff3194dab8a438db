#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/pipeline/manifest.h"

namespace pomona {

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

}  // namespace pomona
