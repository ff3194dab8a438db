#include "pomona/pipeline/input_limits.h"

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"

namespace pomona {

Status NameTooLong(std::string_view path, std::string_view label, const std::string& where) {
  const bool is_path = path.size() > kLongestPath;
  const auto count = [](std::size_t bytes) { return HumanCount(static_cast<std::int64_t>(bytes)); };
  return UsageError("INPUT: " + where + ": the " + (is_path ? "path" : "label") + " has " +
                    count(is_path ? path.size() : label.size()) + " bytes, more than the limit of " +
                    count(is_path ? kLongestPath : kLongestLabel) + ": shorten it");
}

}  // namespace pomona
