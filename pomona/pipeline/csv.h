#pragma once

#include <string>
#include <string_view>

namespace pomona {

/// How text stands in a CSV file.
enum class CsvText {
  kAsIs,
  kForSpreadsheets,  ///< what a spreadsheet would run as a formula (`=`, `+`, `-`, `@`, tab, CR first) begins with `'`
};

inline CsvText CsvTextOf(bool csv_safe) { return csv_safe ? CsvText::kForSpreadsheets : CsvText::kAsIs; }

/// \brief Appends one field of a CSV record (RFC 4180): quoted when it holds a comma, a quote, a line break, or begins
/// or ends with a space.
void AppendCsvField(std::string_view field, CsvText text, std::string* record);

}  // namespace pomona
