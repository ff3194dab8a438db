#include "pomona/storage/list_if_there.h"

#include "pomona/base/usage_error.h"
#include "pomona/storage/file_io.h"

namespace pomona {

Result<Listing> ListIfThere(const Location& folder, const ListingOptions& options, const Cancellation* cancellation) {
  Result<Listing> listing = ListFiles(folder, options, cancellation);
  if (listing.ok() || !IsUsageError(listing.status())) return listing;
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder));
  if (kind == PlaceKind::kFile) return Status::IOError(folder.display, ": is a file, a folder is wanted");
  return Listing();
}

}  // namespace pomona
