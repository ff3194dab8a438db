#pragma once

#include <string>
#include <string_view>

namespace pomona {

/// \brief Appends one field of a CSV record (RFC 4180): quoted when it holds a comma, a quote, a line break, or begins
/// or ends with a space.
void AppendCsvField(std::string_view field, std::string* record);

}  // namespace pomona
