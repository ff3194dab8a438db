#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/learn/reduction.h"
#include "pomona/pipeline/csv.h"
#include "pomona/pipeline/feature_rows.h"
#include "pomona/pipeline/report/report.h"
#include "pomona/pipeline/report_sample.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Reads all paths and labels once.
Result<ReportSample> SampleForReport(const FeatureRows& rows, const Cancellation* cancellation);

/// Rows of projection.csv; beyond, it is written in parts of so many rows.
inline constexpr std::int64_t kCsvRows = 5'000'000;

struct ProjectionJob {
  const FeatureRows* rows = nullptr;
  const Reduction* reduction = nullptr;
  Location output;  ///< `projection/` and projection.csv, or its parts, are written below it

  /// Where a file lies below the output, by its name in generation 1; empty: under that name.
  std::function<std::string(std::string_view)> name_of;

  std::vector<std::int64_t> report_rows;  ///< row numbers, rising, of the points wanted
  int threads = 1;
  std::int64_t csv_rows = kCsvRows;  ///< of a CSV file
  CsvText csv_text = CsvText::kAsIs;
  std::function<void(std::int64_t rows)> advanced;  ///< one call at a time; may be empty
};

/// \return the names of the files `WriteProjection` writes for so many rows and components
std::vector<std::string> ProjectionFileNames(std::int64_t rows, std::int64_t components,
                                             std::int64_t csv_rows = kCsvRows);

/// \brief Whether a name is "projection.csv" or that of a part of it, such as "projection-00001.csv".
bool IsProjectionCsv(std::string_view name);

/// \brief Projects all rows and writes them as Parquet and CSV, in order; the same bytes for any number of threads.
///
/// \return the points of the report, without thumbnails; Invalid with the row's path where a feature is not finite
Result<std::vector<ReportPoint>> WriteProjection(const ProjectionJob& job, const Cancellation* cancellation);

/// \brief Writes explained_variance.csv: component,explained_variance,ratio,cumulative,kept.
Status WriteExplainedVariance(const Reduction& reduction, const Location& location);

/// \brief The same for the report.
std::vector<ReportComponent> ReportComponents(const Reduction& reduction);

}  // namespace pomona
