#pragma once

#include <string>

#include "pomona/pipeline/run.h"

namespace pomona::cli {

/// \brief The table that a job ends with: images and failures, features, components, speed, time, memory, files.
///
/// Lines whose figures run.json does not hold are left out.
///
/// \param[in] colour bold headings by ANSI escapes
std::string SummaryText(const RunSummary& summary, bool colour);

/// \brief "18 files: 12 hidden, 6 macos; --include-skipped brings them in"; "" for none.
///
/// \param[in] by_reason as `files_skipped` of run.json has it
std::string SkippedText(const Json& by_reason);

}  // namespace pomona::cli
