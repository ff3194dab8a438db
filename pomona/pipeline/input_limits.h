#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pomona/base/status.h"

namespace pomona {

/// Bytes of an image's path, and of a label, that lists and packed files may give.
inline constexpr std::size_t kLongestPath = 8192;
inline constexpr std::size_t kLongestLabel = 1024;

/// \return UsageError that says which of the limits is exceeded
Status NameTooLong(std::string_view path, std::string_view label, const std::string& where);

/// \param[in] where returns where they stand, for people: "row 3 of list.csv"
template <typename Where>
Status CheckNameSizes(std::string_view path, std::string_view label, const Where& where) {
  if (path.size() <= kLongestPath && label.size() <= kLongestLabel) return Status::OK();
  return NameTooLong(path, label, where());
}

}  // namespace pomona
