#pragma once

#include <string>
#include <string_view>

namespace pomona {

/// \brief What a URI's query says of how to get to its place, such as "?enable_tls=false", without any secret.
///
/// Only keys that are known to hold none are kept. Behind a `Location`'s `display` it gives a URI that opens the same
/// place again and may be stored.
std::string PublicQuery(std::string_view uri);

}  // namespace pomona
