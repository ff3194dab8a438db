#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pomona/base/json.h"

namespace pomona {

/// \brief Text from outside (a path, a label, a message) made fit for people and for the page.
///
/// Bytes that are not UTF-8 become `%XX`; control characters become their pictures (a newline shows as U+240A), so one
/// text is one line. Where it is too long, "…" stands for its middle: the start and the end of a path tell most.
///
/// \param[in] limit bytes that the text may take in the page's JSON, `EscapeForScript` included; at least 16
std::string TrimMiddle(std::string_view text, std::size_t limit);

/// \brief JSON cut down to a size that a person reads and a page can carry.
///
/// Strings and keys are trimmed in the middle; long arrays and objects end in a note of what was left out; the whole
/// has at most 2,000 values and is at most 8 deep, so that no run.json makes the page large.
Json TrimJson(const Json& value);

/// \brief JSON text that can stand inside a <script> element: `<`, `>`, `&`, U+2028 and U+2029 become \u escapes.
///
/// These characters occur in JSON only inside strings, so the value stays the same.
std::string EscapeForScript(std::string_view json);

/// \brief JavaScript that can stand inside a <script> element: "</script" becomes "<\/script".
///
/// Meant for our own scripts and the plotting library, where the sequence can only be part of a string.
std::string InlineScript(std::string_view script);

}  // namespace pomona
