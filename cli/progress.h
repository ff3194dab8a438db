#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include "pomona/pipeline/progress.h"

namespace pomona::cli {

/// What `--progress` asks for; auto is a bar on a terminal, else plain lines.
enum class ProgressMode { kAuto, kBar, kPlain, kJson, kNone };

std::optional<ProgressMode> ProgressModeFromName(std::string_view name);

/// \brief A listener that writes what it hears to a stream.
///
/// - bar: one line that is drawn anew at most ten times a second and erased at the end of a stage
/// - plain: a line when a stage ends, and while it runs one a tenth, but no more than one in five seconds
/// - json: an object a line, with the keys event (stage_started, stage_advanced, stage_finished, message), stage,
/// total,
///   done, failed, seconds, text; at most two stage_advanced a second
/// - none: nothing but messages
///
/// Stages count images, but for "download", which counts bytes.
///
/// \param[in] out usually stderr; outlives the listener
/// \param[in] plain_terminal no colours and no escape sequences, as `$NO_COLOR` asks
std::unique_ptr<ProgressListener> MakeProgress(ProgressMode mode, std::FILE* out, bool plain_terminal);

}  // namespace pomona::cli
