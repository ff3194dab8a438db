#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"
#include "pomona/features/network_options.h"
#include "pomona/storage/uri_source.h"

namespace pomona {

/// \brief Everything that decides which extractor is opened; the same options as `pomona run` has.
struct ExtractorRequest {
  /// "pixels", a name from the registry ("vgg16", "vgg19", "mobilenetv2-0.35"), or the path of a model file.
  std::string extractor = "vgg16";

  /// URI of a weights file; empty takes the model cache.
  std::string weights;

  /// Who named them: both come from the user, or out of a stored model or output.
  UriSource extractor_source;
  UriSource weights_source;

  NetworkOptions network;

  // For a model file that the registry does not know; unset takes the registry's entry or the defaults.
  std::string output_node;
  std::optional<std::array<float, 3>> input_scale;
  std::optional<std::array<float, 3>> input_mean;
  std::optional<ChannelOrder> channel_order;

  std::filesystem::path model_cache;
};

/// \brief An extractor that is ready to run, and what a reader of its features must know of it.
struct OpenedExtractor {
  std::unique_ptr<FeatureExtractor> extractor;

  /// For plan.json, run.json and model/pipeline.json: name, source, licence, weights_sha256, preprocessing, image size,
  /// pooling, precision, output node, engine.
  Json description;

  /// The user's own model file, to be copied to model/ when it is small enough; empty for registry models.
  std::filesystem::path model_file;
};

/// \brief Opens the extractor a request names.
///
/// Nothing is fetched: who sees `MissingModelOf` may do that (models/fetch.h) and ask again.
///
/// \return UsageError for a name that neither the registry nor the file system knows, with the nearest name, and for
///         options that do not fit the extractor; IOError when a registry model is not in the cache, with the command
///         that fetches it; whatever the weights reader says
Result<OpenedExtractor> OpenExtractor(const ExtractorRequest& request);

/// \return the registry model that `OpenExtractor` did not find in the cache, when that is what the error says
std::optional<std::string> MissingModelOf(const Status& status);

}  // namespace pomona
