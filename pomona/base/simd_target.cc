#include "pomona/base/simd_target.h"

#include <array>
#include <cstdint>

#include "pomona/base/highway_targets.h"
//
#include <hwy/targets.h>

namespace pomona {
namespace {

struct TargetInfo {
  SimdTarget target;
  std::string_view name;
  std::int64_t highway_bits;
};

// In the order of the enumerators, the fastest first.
constexpr std::array kTargets = {
    TargetInfo{SimdTarget::kAvx512, "avx512", HWY_AVX3}, TargetInfo{SimdTarget::kAvx2, "avx2", HWY_AVX2},
    TargetInfo{SimdTarget::kSse4, "sse4", HWY_SSE4}, TargetInfo{SimdTarget::kNeon, "neon", HWY_NEON},
    TargetInfo{SimdTarget::kGeneric, "generic", HWY_SCALAR | HWY_EMU128}};

}  // namespace

std::string_view SimdTargetName(SimdTarget target) { return kTargets[static_cast<std::size_t>(target)].name; }

std::optional<SimdTarget> SimdTargetFromName(std::string_view name) {
  for (const TargetInfo& info : kTargets) {
    if (info.name == name) return info.target;
  }
  return std::nullopt;
}

std::vector<SimdTarget> UsableSimdTargets() {
  const std::int64_t supported = HWY_SUPPORTED_TARGETS | HWY_SCALAR | HWY_EMU128;
  std::vector<SimdTarget> usable;
  for (const TargetInfo& info : kTargets) {
    if ((info.highway_bits & HWY_TARGETS & supported) != 0) usable.push_back(info.target);
  }
  return usable;
}

}  // namespace pomona
