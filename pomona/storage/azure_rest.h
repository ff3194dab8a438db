#pragma once

#include <cstddef>
#include <string>

#include <arrow/filesystem/azurefs.h>

#include "pomona/base/status.h"
#include "pomona/storage/http_client.h"

namespace pomona {

/// \brief The requests to Azure that Arrow cannot make, or makes badly.
enum class AzureCall {
  kPut,          ///< Put Blob in one request; Arrow makes three of it
  kPutIfAbsent,  ///< Put Blob with If-None-Match
  kDelete,       ///< Delete Blob; Arrow takes and releases leases around it, and waits seconds for one that is gone
};

/// \brief Whether requests can be signed here: a token of Microsoft Entra stays inside Arrow.
bool CanSignAzure(const arrow::fs::AzureOptions& options);

/// \brief A request on a blob with Shared Key (version 2021-08-06), a SAS token, or anonymous.
///
/// \param[in] path container/blob \param[in] size of the body
HttpRequest AzureRequest(const arrow::fs::AzureOptions& options, AzureCall call, const std::string& path,
                         std::size_t size);

/// \brief Removes a blob; one that does not exist is no error.
Status DeleteAzureBlob(const arrow::fs::AzureOptions& options, const std::string& path);

}  // namespace pomona
