#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/learn/reduction.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/storage/location.h"

namespace pomona {

/// The version of `model/`; readers refuse a higher one. docs/formats.md describes it.
inline constexpr int kModelFormat = 1;

/// \brief A fitted pipeline: how images become features, and how features are reduced.
struct PipelineModel {
  Json extractor;  ///< what the extractor says of itself
  Json options;    ///< the result options that make features, by their names
  Json plan;       ///< what the run chose
  Reduction reduction;
  std::string model_file;  ///< name of the user's own or embedded model below model/; "" when named by hash only
};

/// \brief Files of a model folder, relative to it, without the model file.
inline constexpr std::string_view kPipelineJson = "pipeline.json";
inline constexpr std::string_view kArraysFile = "arrays.safetensors";

/// \brief Writes pipeline.json and arrays.safetensors; the same model gives the same bytes.
Status WriteModel(const PipelineModel& model, const Location& folder);

/// \param[in] folder an output, or its `model/` folder
/// \return UsageError when there is none; Invalid for a damaged one or a newer format
Result<PipelineModel> ReadModel(const Location& folder);

/// \return the `model/` folder that a place means: itself, or the one below it
Result<Location> FindModel(const Location& place);

/// \brief The options with what the model decides put in.
///
/// \param[in] folder where the model lies
/// \return UsageError when it carries a model file that cannot be read where it lies
Result<RunOptions> WithModel(RunOptions options, const PipelineModel& model, const Location& folder);

}  // namespace pomona
