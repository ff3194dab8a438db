#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/json.h"
#include "pomona/base/matrix_view.h"
#include "pomona/base/status.h"
#include "pomona/image/image.h"
#include "pomona/learn/pool.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/quarantine.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

/// \brief One image as somebody holds it: nothing, its place (a path or URI), the bytes of its file, or its pixels.
using ImageInput = std::variant<std::monostate, std::string, std::span<const std::uint8_t>, ImageView>;

/// \brief Features of images that are handed over one by one, without an input folder and an output.
///
/// The very features that a run with the same options makes: the same reading, decoding and resizing, the same
/// extractor, opened the same way.
///
/// Thread safety: `Extract` may be called by several threads; each call uses up to `options.threads` of its own.
class ImageFeatures {
 public:
  /// \param[in] options extractor, resample, decode, threads and memory are read; precisions that are measured on the
  ///            images of a run (int8, auto) need the plan of one
  /// \param[in] plan of a run, which is kept to; null where there is none
  /// \return what `OpenExtractor` says; UsageError for a precision that has not been measured; Invalid when the plan
  ///         names other weights
  static Result<std::unique_ptr<ImageFeatures>> Make(const RunOptions& options, const Json& plan = nullptr);

  ~ImageFeatures();

  const FeatureExtractor& extractor() const { return *opened_.extractor; }

  /// What the extractor says of itself, as in plan.json.
  const Json& description() const { return opened_.description; }

  /// What a plan is made of (`MakePlan`), for a model that is fitted to these features elsewhere.
  const RunOptions& options() const { return options_; }
  const OpenedExtractor& opened() const { return opened_; }

  /// \brief Writes one row of features an image; that of an image that cannot be used is NaN.
  ///
  /// \param[out] features shape (images.size(), dim)
  /// \return the images that could not be used, in their order, `index` being their place in `images`; an error where
  ///         a store is down; Cancelled
  Result<std::vector<QuarantineRow>> Extract(std::span<const ImageInput> images, MatrixView<float> features,
                                             const Cancellation* cancellation) const;

 private:
  class Worker;

  ImageFeatures(const RunOptions& options, OpenedExtractor opened, const Location& here, int threads);

  RunOptions options_;
  OpenedExtractor opened_;
  ImagePlaces places_;
  int threads_;
  mutable Pool<std::unique_ptr<Worker>> workers_;
};

}  // namespace pomona
