#pragma once

#include <string>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/learn/reduction.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/job.h"
#include "pomona/storage/location.h"

namespace pomona {

/// A user's own model file up to this size is copied to `model/`, in bytes.
inline constexpr std::int64_t kLargestModelFile = 200'000'000;

/// \brief How features are reduced, and what the model must remember of how they were made.
struct FitRecipe {
  ReductionOptions reduction;
  Json plan;
  std::string model_file;  ///< local file or folder to be copied to `model/`; may be empty
};

/// \brief Fits scaler and PCA, writes `model/`, the projection and the explained variance.
///
/// With fewer than two rows nothing is fitted and the job's message says so.
Status FitAndProject(const FeatureRows& rows, const FitRecipe& recipe, const Location& thumbnails, Job& job);

}  // namespace pomona
