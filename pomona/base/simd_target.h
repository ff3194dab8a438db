#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace pomona {

/// \brief Instruction sets that have code of their own.
///
/// Those that multiply and add in one rounding (AVX-512, AVX2 with FMA, NEON) give the same bits; SSE4 and the generic
/// code, which round twice, give the same among themselves.
enum class SimdTarget { kAvx512, kAvx2, kSse4, kNeon, kGeneric };

std::string_view SimdTargetName(SimdTarget target);  // "avx512", "avx2", "sse4", "neon", "generic"
std::optional<SimdTarget> SimdTargetFromName(std::string_view name);

/// \brief Those that were compiled and that this processor runs, the fastest first; never empty.
std::vector<SimdTarget> UsableSimdTargets();

}  // namespace pomona
