#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/packed_parquet.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/location.h"
#include "pomona/storage/uri_source.h"

namespace pomona {

/// \brief The images a run is about, sorted by path, with what was strange on the way; `rows.skipped()` is known.
struct InputImages {
  ManifestRows rows{""};
  std::vector<std::string> messages;
};

/// \brief Lists the input, leaves out what its names tell not to be images (`InputNames`), and keeps what `--include`,
/// `--exclude`, `--sample` and `--limit` leave, in this order.
///
/// \return UsageError when nothing is left, saying why
Result<InputImages> ListInput(const RunOptions& options, const Location& input, const Cancellation* cancellation);

/// \return what the paths of an input's images begin with: "data/" for the folder or list file's folder `data`
std::string ManifestPrefix(std::string_view text, const Location& input);

/// \brief Turns manifest keys back into places. A key that is a URI comes out of data (`UriSource::Data`).
///
/// Thread safety: calls may run together.
class ImagePlaces {
 public:
  /// \param[in] columns of images inside Parquet files
  /// \param[in] allowed_hosts that a key may name besides the input's own
  /// \param[in] most_bytes of one image's file (`MostImageBytes`)
  explicit ImagePlaces(const Location& input, const InputColumns& columns = {},
                       std::vector<std::string> allowed_hosts = {}, std::int64_t most_bytes = 1'500'000'000);
  ImagePlaces(const Location& input, const RunOptions& options);

  Result<Location> Place(std::string_view key) const;

  /// \brief Whether images lie, or may lie, in a store that takes its time.
  bool remote() const { return remote_; }

  std::int64_t most_bytes() const { return most_bytes_; }

  /// \brief Reads images that are rows of Parquet files.
  ParquetImages& parquet() const { return *parquet_; }

 private:
  UriSource source_;
  Location root_;  ///< the input, or the folder of a list file
  bool remote_;
  std::int64_t most_bytes_;
  std::unique_ptr<ParquetImages> parquet_;

  mutable std::mutex mutex_;
  mutable std::map<std::string, Location, std::less<>> folders_;  ///< of keys that are URIs
};

/// \brief Reads an image of a manifest: a whole file, or its part of a packed one; errors as `ReadObject` has them.
Status ReadImage(const ImagePlaces& places, const ManifestRow& image, ByteBuffer* bytes,
                 const Cancellation* cancellation = nullptr);

}  // namespace pomona
