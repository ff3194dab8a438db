#pragma once

#include <string>

namespace pomona {

/// \brief So many hexadecimal digits from the system's source of chance, for names that no other process chooses.
std::string RandomDigits(int count);

}  // namespace pomona
