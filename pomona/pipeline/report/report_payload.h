#pragma once

#include <cstddef>
#include <string>

#include "pomona/pipeline/report/report.h"

namespace pomona {

/// \brief What the page shows, as JSON ready to stand inside a <script> element, in at most `budget` bytes.
///
/// Whatever the input, everything but the thumbnails takes less than 5 MB: texts are trimmed, the smallest labels
/// beyond 300 are counted together, and points, failures, components and messages are cut at what a page can show.
/// Thumbnails get the rest; where they do not fit, they are left out evenly over the points.
///
/// \param[in] budget bytes, at least 5 MB
std::string ReportPayload(const ReportData& data, std::size_t budget);

}  // namespace pomona
