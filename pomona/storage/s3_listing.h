#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/storage/s3_client.h"

namespace pomona {

struct S3ListingOptions {
  bool recursive = true;
  int threads = 16;  ///< requests at the same time
};

/// \brief Lists what lies below a prefix, several "folders" at the same time, page by page.
///
/// Folders are opened one level after the other until there are enough of them to keep the threads busy; below, all
/// keys of a folder come in one row of pages, so that a deep tree costs no more requests than a flat one.
///
/// \param[in] prefix "" or ending in '/'
/// \param[in] visit gets the objects of a page, keys whole; one call at a time, pages in any order; false ends the
///            listing
Status ListS3(const S3Client& client, const std::string& bucket, const std::string& prefix,
              const S3ListingOptions& options, const std::function<Result<bool>(std::vector<S3Object> objects)>& visit,
              const Cancellation* cancellation);

}  // namespace pomona
