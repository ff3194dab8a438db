#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/storage/file_io.h"

namespace pomona {

/// \brief The bytes of a manifest's images one after the other, read many at a time.
///
/// Holds the rows of one block and, of its images, as many as the memory allows by their listed sizes, one at least and
/// 256 at most.
///
/// Thread safety: one thread.
class ManifestImages {
 public:
  struct Options {
    std::int64_t memory = 256'000'000;  ///< bytes of images
    int readers = 32;                   ///< reads at the same time
  };

  /// \brief An image; good until the next call.
  struct Image {
    ManifestRow row;
    const Status* read;  ///< what `ReadImage` returned
    const ByteBuffer* bytes;
  };

  /// \param[in] manifest, places outlive the object; \param[in] first row to begin with
  ManifestImages(const Manifest& manifest, const ImagePlaces& places, const Options& options, std::int64_t first);

  /// \brief Goes on to the next image.
  ///
  /// \param[out] image untouched behind the last one
  /// \return false behind the last image; IOError when the manifest cannot be read; Cancelled
  Result<bool> Next(Image* image, const Cancellation* cancellation);

 private:
  Status ReadMore(const Cancellation* cancellation);

  const Manifest& manifest_;
  const ImagePlaces& places_;
  const Options options_;
  std::int64_t next_;                           ///< row of the manifest
  std::shared_ptr<const ManifestBlock> block_;  ///< of the images read
  std::int64_t first_ = 0;                      ///< row of the first one
  std::vector<Status> read_;                    ///< one entry an image
  std::vector<ByteBuffer> bytes_;               ///< at least so many
};

}  // namespace pomona
