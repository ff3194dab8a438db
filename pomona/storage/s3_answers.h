#pragma once

#include <string>

#include "pomona/base/status.h"
#include "pomona/storage/http_client.h"
#include "pomona/storage/s3_client.h"

namespace pomona {

/// \brief Whether a status and error code of S3 may be gone at the next try.
bool IsTransientAnswer(long status, const std::string& code);

/// \brief What an error code means and what to do, for codes that are no lack of permission; else "".
std::string ReasonOf(const std::string& code);

/// \brief Reads a ListObjectsV2 answer; `TransientError` for anything else under a 200.
Status ReadPage(const std::string& xml, S3Page* page);

/// \brief `TransientError` when a 200 to a PUT carries an error or no ETag: nothing was written then.
Status CheckWritten(const HttpResponse& response);

/// \brief Amazon's host for S3 in a region.
std::string AmazonHost(const std::string& region);

}  // namespace pomona
