#pragma once

#include <string_view>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/input_names.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief True when an input's name says that it is an S3 Inventory report: manifest.json.
bool IsInventory(std::string_view input);

/// \brief Reads an S3 Inventory report (CSV or Parquet files), which spares a large bucket its listing.
///
/// The data files are looked for in the report's own bucket, through the connection that the report was reached by.
/// Rows that are not the latest version, delete markers, "folders" and skipped names are left out.
///
/// \param[in] report its manifest.json, in S3
/// \param[in,out] names judges whole keys, as if the bucket were the input
/// \param[in,out] rows get one row an object, with its URI as path and key, size and ETag
/// \return UsageError for a report that cannot be understood, saying what is missing
Status ReadInventory(const Location& report, const Labeler& labeler, InputNames* names, ManifestRows* rows,
                     const Cancellation* cancellation = nullptr);

}  // namespace pomona
