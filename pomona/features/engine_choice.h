#pragma once

#include <string>

#include "pomona/base/status.h"
#include "pomona/features/network_options.h"

namespace pomona {

/// \brief Which engine runs a network of the VGG family, and why, in words for people.
struct EngineDecision {
  bool native = false;
  std::string reason;
};

/// \brief Obeys the choice, or takes the faster engine.
///
/// The native engine computes in f32 only. There it was the faster one wherever it was measured (docs/winograd.md);
/// processors with AMX may be faster still in bf16, which is another precision and OpenVINO's.
///
/// \return Invalid when the native engine is asked for what it does not do
Result<EngineDecision> DecideEngine(const NetworkOptions& options);

}  // namespace pomona
