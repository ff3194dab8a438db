#pragma once

#include <cstdint>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/image/decode.h"
#include "pomona/image/resize.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/manifest.h"

namespace pomona {

/// Images of a run's own input that decide its precision.
inline constexpr std::int64_t kPrecisionSample = 64;

/// \brief Images as the extractor wants them, n of (height, width, 3) bytes one after the other.
struct PixelSample {
  std::int64_t images = 0;
  std::size_t image_bytes = 0;
  std::vector<std::uint8_t> pixels;
};

/// \brief Reads up to `kPrecisionSample` images, evenly over the labels and always the same ones; bad ones are left
/// out.
Result<PixelSample> ReadPixelSample(const Manifest& manifest, const ImagePlaces& places, const DecodeOptions& decode,
                                    ResizeFilter resample, int width, int height, const Cancellation* cancellation);

/// \brief What was chosen, and what it rests on.
struct PrecisionChoice {
  NetworkOptions network;  ///< with precision and int8 ranges set
  Json record;             ///< for plan.json: chosen, images, what was measured
};

/// \brief Prepares the precision that is asked for (int8 measures its ranges) or, for `automatic`, measures f32, bf16
/// and int8 on the sample and takes the fastest whose features have a mean cosine of at least `min_similarity` with
/// f32's. Precisions that the extractor or the processor does not offer are left out.
///
/// \return Invalid when no image of the sample can be read
Result<PrecisionChoice> ChoosePrecision(const ExtractorRequest& request, const PixelSample& sample, bool automatic,
                                        double min_similarity, const Cancellation* cancellation);

}  // namespace pomona
