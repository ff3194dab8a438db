#pragma once

#include <string_view>

#include "pomona/base/json.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/output_folder.h"

namespace pomona {

// How a finished output changes: a new generation is made beside the old one and takes its place in one step.
//
// Whoever reads the files that run.json names sees one generation whole. Files with one fixed name would be replaced
// under such a reader; so while a change is under way run.json names other places of the same bytes, below `_pomona/`.
//
//   StartGeneration    `_SUCCESS` goes, the change is noted, run.json names safe places
//   ...                parts are written under new names, all else to `_pomona/generation-N/`
//   CommitGeneration   `_pomona/current.json` is written: from now on the new generation counts
//   FinishGeneration   run.json names the new files, which take their usual names; the old ones go; `_SUCCESS`
//
// A process that dies before the commit leaves the old generation as it was; the same command goes on. One that dies
// later leaves work for `FinishGeneration`, which `OutputFolder::Claim` calls.

/// \brief Begins a change, or takes up one that was interrupted. The output must be claimed.
///
/// \param[in] command what makes the generation, such as "run --update"
/// \param[in] details kept with the change until it is committed
Status StartGeneration(OutputFolder* output, std::string_view command, const Json& details);

/// \return what `StartGeneration` was given; null where nothing is being changed
Result<Json> GenerationDetails(const OutputFolder& output);

/// \brief Makes the generation that was begun the one that counts, then finishes it.
///
/// \param[in] run the content of run.json; `files` names the generation's files as they will be called
Status CommitGeneration(OutputFolder* output, const Json& run);

/// \brief Does what a committed generation lacks still; may be called again and again.
Status FinishGeneration(OutputFolder* output);

/// \brief Gives up a change that is not committed; the output is what it was before.
Status AbandonGeneration(OutputFolder* output);

}  // namespace pomona
