#include "pomona/features/feature_extractor.h"

#include <array>
#include <cstddef>

namespace pomona {
namespace {

// The order of the enumerators.
constexpr std::array<std::string_view, 3> kPoolings = {"max", "avg", "none"};
constexpr std::array<std::string_view, 3> kPrecisions = {"f32", "bf16", "int8"};

template <typename Enum, std::size_t n>
std::optional<Enum> FromName(const std::array<std::string_view, n>& names, std::string_view name) {
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view PoolingName(Pooling pooling) { return kPoolings[static_cast<std::size_t>(pooling)]; }
std::optional<Pooling> PoolingFromName(std::string_view name) { return FromName<Pooling>(kPoolings, name); }

std::string_view PrecisionName(Precision precision) { return kPrecisions[static_cast<std::size_t>(precision)]; }
std::optional<Precision> PrecisionFromName(std::string_view name) { return FromName<Precision>(kPrecisions, name); }

}  // namespace pomona
