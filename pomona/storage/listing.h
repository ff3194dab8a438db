#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/storage/location.h"
#include "pomona/storage/skipped_names.h"

namespace pomona {

/// \brief One file below the folder that was listed.
struct ListedFile {
  std::string path;           ///< relative to the folder, raw bytes, components separated by '/'
  std::int64_t size = -1;     ///< bytes; -1 where the store does not say, as for a broken link
  std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970-01-01 UTC; 0 where the store does not say
  std::string etag;           ///< S3's, without quotes; "" for other stores
};

/// Folders nested deeper than this end a listing of local files with an error.
inline constexpr std::size_t kMaxFolderDepth = 500;

struct ListingOptions {
  /// Also list files that `WhySkipped` leaves out because of their names below the folder.
  bool include_skipped = false;

  /// Also descend into the folders below.
  bool recursive = true;

  /// Stop as soon as so many files were found (which ones is not defined).
  std::int64_t max_files = std::numeric_limits<std::int64_t>::max();

  /// Requests to an object store at the same time.
  int threads = 16;
};

struct Listing {
  std::vector<ListedFile> files;  ///< sorted by the bytes of `path`, no path twice; empty after `VisitFiles`

  /// What was left out and why, one line each, valid UTF-8: folders that cannot be read, links that lead back to a
  /// folder above them, sockets and devices. The same kind of trouble is named at most ten times, then counted.
  std::vector<std::string> warnings;

  SkippedFiles skipped;  ///< files left out because of their names, those in skipped folders included
};

/// \brief All files below a folder or object prefix.
///
/// Symbolic links are followed; a link that leads back to a folder above it is left out with a warning; one that leads
/// nowhere is listed with size -1, so that reading it says why. Objects whose names end in '/' are folders, not files.
///
/// Skipped folders are walked only to count what is in them: links there count as one file and are not followed; so
/// does a folder there that cannot be read or that lies on another device, as snapshots of a file system do.
///
/// \param[in] cancellation looked at between folders and every thousand files; may be null
/// \return UsageError when `folder` does not exist or is a file; IOError when the store cannot be listed; Cancelled
Result<Listing> ListFiles(const Location& folder, const ListingOptions& options = {},
                          const Cancellation* cancellation = nullptr);

/// \brief What a listing says of one file; its `path` is the file's name. Nothing when no file is there.
Result<std::optional<ListedFile>> FindFile(const Location& file);

/// \brief The same as `ListFiles`, file by file in any order, so that memory does not grow with their number.
///
/// \param[in] visit one call at a time
/// \return what else there is to say of the listing
Result<Listing> VisitFiles(const Location& folder, const ListingOptions& options,
                           const std::function<Status(const ListedFile&)>& visit,
                           const Cancellation* cancellation = nullptr);

}  // namespace pomona
