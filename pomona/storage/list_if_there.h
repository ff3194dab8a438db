#pragma once

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief `ListFiles` for a folder of the program's own: one that is not there holds nothing, and is nobody's mistake.
///
/// \return IOError where a file is in its place, or the store cannot be listed; Cancelled
Result<Listing> ListIfThere(const Location& folder, const ListingOptions& options = {},
                            const Cancellation* cancellation = nullptr);

}  // namespace pomona
