#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/json.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief A name that was read from a file and leads to nothing outside the folder it belongs to.
///
/// Whatever JSON or Parquet of an output says is what somebody wrote, not what the user asked for: a name out of it is
/// used only as one of these. It is relative, `/` separates its parts, none of them is empty, `.` or `..`, and it has
/// no control characters and no backslash.
///
/// Thread safety: as any value.
class ContainedName {
 public:
  /// \param[in] origin the file that the name comes from, for the message
  /// \return IOError that shows the name and its origin, where it could lead outside
  static Result<ContainedName> Make(std::string_view name, std::string_view origin);

  const std::string& text() const { return text_; }

 private:
  explicit ContainedName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// \brief The list of contained names under a key.
///
/// \return Invalid when there is no list of texts, IOError when one leads outside
Result<std::vector<std::string>> ContainedNames(const Json& object, std::string_view key, std::string_view origin);

}  // namespace pomona
