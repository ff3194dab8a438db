#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pomona {

/// \brief The text with every byte that is not part of valid UTF-8 (RFC 3629) written as `%XX`.
std::string ToValidUtf8(std::string_view bytes);

/// \brief The candidate closest to a mistyped word, or "" when none is near.
///
/// Near means a Damerau-Levenshtein distance of at most a third of the word's length, and at least 1.
std::string NearestWord(std::string_view word, std::span<const std::string> candidates);

/// \brief Bytes for people: "1.5 MB", "390 MB", "2.1 GB" (powers of 1,000).
std::string HumanBytes(double bytes);

/// \brief Seconds for people: "0.42 s", "3 min 05 s", "2 h 07 min".
std::string HumanSeconds(double seconds);

/// \brief A whole number with thousands separated by commas.
std::string HumanCount(long long count);

}  // namespace pomona
