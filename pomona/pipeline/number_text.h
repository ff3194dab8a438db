#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pomona {

/// \brief Appends the shortest decimal text that reads back as the same double, whatever the locale; "nan", "inf".
void AppendNumber(double value, std::string* text);

std::string NumberText(double value);

/// \return the number a text stands for, when all of it is one; whatever the locale
std::optional<double> ParseNumber(std::string_view text);

}  // namespace pomona
