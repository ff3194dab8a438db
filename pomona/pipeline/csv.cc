#include "pomona/pipeline/csv.h"

namespace pomona {

void AppendCsvField(std::string_view field, std::string* record) {
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
