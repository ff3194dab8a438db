#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pomona {

/// \brief A hash of a path that is the same on every machine and in every version of Pomona (FNV-1a, 64 bits, mixed by
/// the finaliser of SplitMix64).
std::uint64_t PathHash(std::string_view path);

/// \brief One row that may be taken: the number of its label and the hash of its path.
struct SampleCandidate {
  std::int32_t label = 0;  ///< 0 <= label < number of labels, in label order
  std::uint64_t hash = 0;
};

/// \brief Chooses `count` rows spread evenly over the labels, always the same ones.
///
/// Every label gives the same number of rows, or all it has; what is left over after an even division goes to the
/// first labels. Within a label, rows with the smallest hashes are taken.
///
/// \return row numbers in rising order; all of them when there are not more than `count`
std::vector<std::int64_t> SpreadSample(std::span<const SampleCandidate> rows, std::int64_t count);

}  // namespace pomona
