#include "pomona/pipeline/csv.h"

namespace pomona {

void AppendCsvField(std::string_view field, CsvText text, std::string* record) {
  constexpr std::string_view kFormula = "=+-@\t\r\n";
  if (text == CsvText::kForSpreadsheets && !field.empty() && kFormula.find(field.front()) != std::string_view::npos) {
    std::string marked = "'";
    AppendCsvField(marked.append(field), CsvText::kAsIs, record);
    return;
  }
  const bool quoted =
      field.find_first_of(",\"\r\n") != std::string_view::npos || field.starts_with(' ') || field.ends_with(' ');
  if (!quoted) {
    record->append(field);
    return;
  }
  record->push_back('"');
  for (const char byte : field) {
    if (byte == '"') record->push_back('"');
    record->push_back(byte);
  }
  record->push_back('"');
}

}  // namespace pomona
