#pragma once

#include <optional>
#include <string>

#include <arrow/filesystem/gcsfs.h>

#include "pomona/base/status.h"
#include "pomona/storage/http_client.h"

namespace pomona {

/// \brief A token for requests of our own to Google: "" where none is needed, nothing where none can be had, as Arrow
/// keeps those of the application default credentials to itself. Asked for again every minute.
std::optional<std::string> GoogleToken(const arrow::fs::GcsOptions& options);

/// \brief A request that writes a whole object, in one piece.
///
/// \param[in] path bucket/object \param[in] only_if_absent fails (412) where an object of that name is
HttpRequest GoogleUpload(const arrow::fs::GcsOptions& options, const std::string& token, const std::string& path,
                         bool only_if_absent);

/// \brief `TransientError` unless the answer to an upload says that all bytes were written.
Status CheckGoogleUpload(const HttpResponse& response, std::size_t size);

}  // namespace pomona
