#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief One point of the projection map.
struct ReportPoint {
  std::string path;
  std::string label;
  double x = 0;           ///< first component
  double y = 0;           ///< second component; 0 when only one is kept
  std::string thumbnail;  ///< JPEG bytes, 64 pixels on the longer side; may be empty
};

struct ReportLabel {
  std::string label;
  std::int64_t images = 0;  ///< good rows
  std::int64_t quarantined = 0;
};

struct ReportComponent {
  double variance = 0;
  double ratio = 0;
  double cumulative = 0;
  bool kept = false;
};

struct ReportFailure {
  std::string path;
  std::string label;
  std::string code;
  std::string message;
};

/// \brief What report.html shows.
struct ReportData {
  /// The content of run.json. Shown as it is, folded; the page's head takes from it `images_listed`, `images_ok`,
  /// `files_skipped`, `images_per_second`, `peak_rss_bytes`, `threads`, `seconds` (by stage, and `total`), `options`
  /// (`input`, `extractor`, `image-size`), `plan` (`image_width`, `image_height`) and `versions` (`pomona`), where they
  /// are there.
  Json run;
  std::vector<ReportLabel> labels;          ///< in label order
  std::vector<ReportComponent> components;  ///< empty when the fit was skipped
  std::vector<ReportPoint> points;          ///< at most 5,000
  std::int64_t rows_projected = 0;          ///< rows the points were sampled from
  std::vector<std::pair<std::string, std::int64_t>> failures_by_code;
  std::vector<ReportFailure> failures;  ///< the first 500
  std::vector<std::string> messages;    ///< warnings and choices, one line each
};

/// \brief Renders a page that needs nothing but itself: plotting library, style, data and pictures are inside.
///
/// Data are embedded as JSON in a way that no path or label can break out of; under 15 MB for any input (thumbnails are
/// left out, evenly over the points, where they would not fit).
std::string RenderReport(const ReportData& data);

}  // namespace pomona
