#pragma once

#include <functional>
#include <memory>
#include <string>

#include <arrow/filesystem/filesystem.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"
#include "pomona/storage/store_options.h"

namespace pomona {

/// \brief Opens what a `file://`, `gs://`, `abfs://` or `hdfs://` URI names, through Arrow.
///
/// \param[in] uri strict (RFC 3986) \param[out] path inside the file system
Result<std::shared_ptr<arrow::fs::FileSystem>> OpenArrowStore(const std::string& uri, const StoreOptions& options,
                                                              std::string* path);

/// \brief Whether an Arrow store's error will be the same at the next try.
bool ArrowErrorIsForGood(const Status& status);

/// \brief Calls something that asks an Arrow store, again and again where that can help.
///
/// Arrow gives errors of the network and of permissions the same type; they are told apart by their texts, and what is
/// not known to be for good is tried again. Exceptions count as such errors. Trouble with TLS ends it at once.
Status CallArrowStore(const Location& location, const std::function<Status()>& call);

/// \brief Removes a file of an Arrow store; one that does not exist is no error.
Status RemoveArrowFile(const Location& location);

}  // namespace pomona
