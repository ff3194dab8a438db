#pragma once

#include <optional>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

enum class RestWrite {
  kWritten,
  kTaken,     ///< an object of that name is there, and was not to be replaced
  kNotKnown,  ///< taken, but an earlier try may have been the one that took it
};

/// \brief Whether objects of a place can be written by requests of our own: Google and Azure, where Pomona and not
/// Arrow alone has what they ask to be signed with.
bool CanWriteByRest(const Location& location);

/// \brief Writes a whole object of Google or Azure with one request, again and again where that can help.
///
/// It counts as written when the store's answer says so in its own words: a success that carries an error does not.
///
/// \return nothing where `CanWriteByRest` is false
Result<std::optional<RestWrite>> WriteByRest(const Location& location, std::string_view bytes, bool only_if_absent);

}  // namespace pomona
