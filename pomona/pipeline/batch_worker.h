#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <arrow/record_batch.h>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"
#include "pomona/image/decode.h"
#include "pomona/image/image.h"
#include "pomona/image/resize.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/previous_rows.h"
#include "pomona/pipeline/quarantine.h"
#include "pomona/pipeline/read_ahead.h"
#include "pomona/storage/file_io.h"

namespace pomona {

/// Pixels on the longer side of a thumbnail.
inline constexpr int kThumbnailSize = 64;

/// \brief How images become features; the same for every thread, executor and resume of an output.
struct ExtractionRecipe {
  const FeatureExtractor* extractor = nullptr;
  ResizeFilter resample = ResizeFilter::kBicubic;
  DecodeOptions decode;

  /// Manifest indices, rising, of the images whose thumbnails are kept.
  std::span<const std::int64_t> thumbnails;

  /// Rows that an earlier generation has; null where there is none.
  const PreviousRows* previous = nullptr;
};

/// \brief The rows that came of some consecutive manifest rows, in their order.
struct BatchResult {
  std::shared_ptr<arrow::RecordBatch> rows;  ///< `PartSchema`
  std::vector<QuarantineRow> failures;
  StepSeconds seconds;
  std::int64_t images_read = 0;  ///< the others were known
};

/// \brief Where the bytes of a batch's images come from.
struct BatchReads {
  ReadAhead* ahead = nullptr;  ///< null: from their places
  std::shared_ptr<ReadAhead::Batch> batch;
};

/// \brief One thread's way from files to feature rows, with the buffers it uses again and again.
///
/// Thread safety: one thread at a time.
class BatchWorker {
 public:
  static Result<std::unique_ptr<BatchWorker>> Make(const ExtractionRecipe& recipe, const ImagePlaces& places);

  /// \brief Reads, decodes, resizes and extracts `count` images of a manifest block.
  ///
  /// \param[in] previous what is known of these rows, one entry each, or empty; at most batch_size of them are wanted
  /// \return an error only where the run itself cannot go on; bad images are in `failures`
  ///
  /// \param[in] reads the batch's images as they are read ahead; empty reads them here
  Result<BatchResult> Process(const ManifestBlock& block, std::int64_t first, std::int64_t count,
                              std::span<const PreviousRow> previous, const Cancellation* cancellation,
                              const BatchReads& reads = {});

 private:
  /// An image that is in the extractor's input.
  struct Good {
    std::int64_t row;  ///< of the block
    int width;
    int height;
    std::string thumbnail;
    const float* known = nullptr;  ///< features of an earlier generation
  };

  BatchWorker(const ExtractionRecipe& recipe, const ImagePlaces& places);

  /// Takes over what is known of a row.
  Status Keep(const ManifestBlock& block, std::int64_t row, const PreviousRow& previous, BatchResult* result);

  Status Prepare(const ManifestBlock& block, std::int64_t row, std::int64_t place_in_batch, const BatchReads& reads,
                 BatchResult* result, const Cancellation* cancellation);
  Result<std::string> MakeThumbnail(std::int64_t index) const;
  Result<std::shared_ptr<arrow::RecordBatch>> BuildRows(const ManifestBlock& block,
                                                        const std::shared_ptr<arrow::Buffer>& features) const;

  /// Takes rows with values that are not finite out of `good_` and the buffer.
  void DropNonFinite(const ManifestBlock& block, float* features, BatchResult* result);

  /// Puts known rows between those of `good_`, whose features are given.
  Result<std::shared_ptr<arrow::Buffer>> MergeKept(const float* features);

  ExtractionRecipe recipe_;
  const ImagePlaces* places_;
  std::unique_ptr<FeatureExtractor::Session> session_;
  Resizer resizer_;
  ByteBuffer bytes_;
  Image image_;
  std::vector<Good> good_;
  std::vector<Good> kept_;
  std::vector<std::shared_ptr<const PreviousBlock>> kept_blocks_;  ///< that `kept_` points into
};

}  // namespace pomona
