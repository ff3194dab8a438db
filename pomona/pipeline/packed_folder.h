#pragma once

#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Whether a file's name is one that `pomona pack` writes: a shard, or a record of what it did.
bool MayBeOfPack(std::string_view path);

/// \brief Finds folders that `pomona pack` wrote among listed files, and takes out what is not input:
/// quarantine.parquet and run.json of those folders, and `_SUCCESS` and `_pomona/` where skipped files are listed, too.
///
/// A folder without `_pomona/`, as older versions wrote it and as others write WebDataset, stays as it is.
///
/// \param[in] root that was listed
/// \param[in,out] files found below it, at least those that `MayBeOfPack`
/// \return UsageError for a packed folder without its closing record, and for one that lacks a shard: it names the
///         folder and the fix
Status CheckPackedFolders(const Location& root, std::vector<ListedFile>* files);

/// \brief The same for one packed file: its folder must be closed.
Status CheckPackedFile(const Location& file);

}  // namespace pomona
