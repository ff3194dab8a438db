#include "pomona/base/json.h"

namespace pomona {

Result<Json> ParseJson(std::string_view text, std::string_view origin) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    return Status::Invalid(origin, " is not valid JSON: ", error.what());
  }
}

}  // namespace pomona
