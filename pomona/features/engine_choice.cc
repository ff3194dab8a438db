#include "pomona/features/engine_choice.h"

#include "pomona/base/simd_target.h"

namespace pomona {

Result<EngineDecision> DecideEngine(const NetworkOptions& options) {
  if (options.engine == EngineChoice::kOpenVino) return EngineDecision{false, "asked for"};
  const bool f32 = options.precision == Precision::kFloat32 && !options.measure_int8_ranges;
  if (options.engine == EngineChoice::kNative) {
    if (f32) return EngineDecision{true, "asked for"};
    return Status::Invalid("--engine native computes in f32, not in ", PrecisionName(options.precision),
                           "; use --engine openvino or auto");
  }
  if (!f32) return EngineDecision{false, "the native engine computes in f32 only"};
  const SimdTarget target = UsableSimdTargets().front();
  const std::string name(SimdTargetName(target));
  if (target == SimdTarget::kGeneric) {
    return EngineDecision{false, "the native engine has no code for this processor's vectors"};
  }
  return EngineDecision{true, "at f32 the native engine needs a fifth of the multiplications, here with " + name};
}

}  // namespace pomona
