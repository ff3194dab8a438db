#pragma once

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// \brief Gives a file's content a second name in the same store; what had that name before is replaced at once.
///
/// Locally both names stand for the same bytes on the disk (a hard link) where the file system allows it; so neither
/// may be written to in place, which nothing in Pomona does. A store copies by itself: no bytes travel.
///
/// \return IOError when `from` is missing or `to` cannot be written
Status CopyFile(const Location& from, const Location& to);

}  // namespace pomona
