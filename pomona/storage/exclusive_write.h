#pragma once

#include <string_view>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief What `WriteExclusively` promises at a place.
enum class ExclusiveGuarantee {
  kAtomic,    ///< the store itself lets one of several writers win
  kReadBack,  ///< written where nothing was, then read back: two writers within the same moment may both lose
};

/// \brief What the store and the credentials found allow: local folders and S3 always `kAtomic`; Google with a token
/// that can be had (configured, of the metadata server, or none needed); Azure with a key, a SAS token or none; HDFS by
/// the Python package's client (hdfs_store.h).
ExclusiveGuarantee ExclusiveGuaranteeOf(const Location& location);

/// \brief `WriteExclusively` for stores other than the local one.
Result<bool> WriteExclusivelyToStore(const Location& location, std::string_view bytes);

}  // namespace pomona
