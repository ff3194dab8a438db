#pragma once

#include <string>

#include "pomona/base/json.h"

namespace pomona {

/// The version of the files an output holds; readers refuse a higher one.
inline constexpr int kOutputFormatVersion = 1;

/// \return "0.1.0"
std::string PomonaVersion();

/// \brief Versions of Pomona and of the libraries that decide numbers or bytes, by name.
Json LibraryVersions();

}  // namespace pomona
