#pragma once

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/run_options.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief True when an input's name says that it is a list of images: it ends in .csv or .parquet.
bool IsListFile(std::string_view input);

/// \brief Reads a list of images with the columns `path` and, if there is one, `label`.
///
/// Relative paths are relative to the list's folder. A missing image is no error here: it becomes a quarantine row when
/// it is read. Without a `label` column the labeler finds labels.
///
/// \param[in] columns names of the columns where they have others
/// \param[in,out] rows get one row an image, in the list's order; the prefix must be `ListPrefix(list)`
/// \return UsageError for a missing column, an empty path, or an image that stands there twice, also where its local
///         paths differ, as a/1.jpg and a/../a/1.jpg do, with both rows named (counted from 1, without the heading),
///         and for what exceeds a limit (input_limits.h, parquet_io.h); Cancelled
Status ReadListFile(const Location& list, const InputColumns& columns, const Labeler& labeler, ManifestRows* rows,
                    const Cancellation* cancellation = nullptr);

/// \brief What the paths of a list get in front: its folder, as the user would type it.
std::string ListPrefix(const Location& list);

}  // namespace pomona
