#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/run_options.h"

namespace pomona {

/// \brief What goes into a plan besides what the extractor and the processor say.
struct PlanInput {
  const OpenedExtractor* extractor = nullptr;
  const RunOptions* options = nullptr;
  std::int64_t images = 0;
  std::string manifest_sha256;
  Precision precision = Precision::kFloat32;  ///< asked for or chosen
  Json precision_choice;                      ///< how `--precision auto` decided; null when the user did
};

/// \brief The result options that decide how an image becomes features, as `pomona apply` sets them again: the plan's
/// "recipe".
Json FeatureOptions(const RunOptions& options, const FeatureExtractor& extractor, Precision precision);

/// \brief Everything that is chosen by itself, once, by the first process of a run: `_pomona/plan.json`.
///
/// engine, precision, batch size, image size, instruction set, component rule, versions,
/// block and shard size, and the manifest's hash. Nothing in it depends on threads or memory.
Json MakePlan(const PlanInput& input);

/// \brief Checks that this process would do what the plan says.
///
/// \return Invalid that names every difference and what to do; a missing instruction set is named as such
Status CheckPlan(const Json& stored, const Json& now, std::string_view output);

/// \brief Takes over what a plan has decided about the network; null decides nothing.
///
/// \param[out] precision_choice how `--precision auto` or int8 was decided; may be null
/// \return Invalid for a damaged plan
Status FollowPlan(const Json& plan, NetworkOptions* network, Json* precision_choice);

/// \return images a batch for a network of this image size (0: not known), so small that an interruption is heard
///         within a second or two
int ChooseBatchSize(int image_width, int image_height);

}  // namespace pomona
