#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "pomona/base/status.h"

namespace pomona {

/// JSON whose keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// \param[in] origin the file or URI the text came from, named in the error
/// \return Invalid with the origin and the place of the mistake
Result<Json> ParseJson(std::string_view text, std::string_view origin);

/// \return the value under a key, converted; Invalid when it is missing or of another type, naming key and origin
template <typename T>
Result<T> JsonField(const Json& object, std::string_view key, std::string_view origin) {
  const auto found = object.find(std::string(key));
  if (found == object.end()) return Status::Invalid(origin, ": \"", key, "\" is missing");
  try {
    return found->template get<T>();
  } catch (const nlohmann::json::exception&) {
    return Status::Invalid(origin, ": \"", key, "\" has the wrong type: ", found->dump());
  }
}

}  // namespace pomona
