#pragma once

#include <string>
#include <string_view>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/pipeline/input_names.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief True when a name says that a file holds many images: it ends in .tar.
bool IsPackedFile(std::string_view name);

/// \brief Adds a row for each image of a tar archive (WebDataset: files whose names agree up to the first dot belong
/// together).
///
/// The path is the one that the `.json` of an image gives as "path", as `pomona pack` writes it, else the archive's and
/// the file's name; the label is its "label", else the text of the `.cls`, else what the labeler finds.
///
/// \param[in] key of the archive, for `ImagePlaces` \param[in] file what a listing says of it
/// \param[in,out] names is told of all names inside; those of files it leaves out here, paths given as "path" later
Status AddPackedImages(const Location& tar, std::string_view key, const ListedFile& file, const Labeler& labeler,
                       InputNames* names, ManifestRows* rows, const Cancellation* cancellation = nullptr);

}  // namespace pomona
