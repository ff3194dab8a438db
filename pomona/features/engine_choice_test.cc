#include "pomona/features/engine_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/simd_target.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

TEST(EngineChoice, ObeysTheUser) {
  NetworkOptions options;
  options.engine = EngineChoice::kOpenVino;
  EXPECT_FALSE(DecideEngine(options)->native);
  options.engine = EngineChoice::kNative;
  EXPECT_TRUE(DecideEngine(options)->native);
  EXPECT_EQ(DecideEngine(options)->reason, "asked for");
}

TEST(EngineChoice, TakesTheNativeEngineForFloat32) {
  NetworkOptions options;
  const bool vectors = UsableSimdTargets().front() != SimdTarget::kGeneric;
  EXPECT_EQ(DecideEngine(options)->native, vectors);
  if (vectors) {
    EXPECT_THAT(DecideEngine(options)->reason, HasSubstr("a fifth of the multiplications"));
  }
}

TEST(EngineChoice, LeavesOtherPrecisionsToOpenVino) {
  NetworkOptions options;
  options.measure_int8_ranges = true;
  EXPECT_FALSE(DecideEngine(options)->native);
  options.measure_int8_ranges = false;
  options.precision = Precision::kBfloat16;
  EXPECT_FALSE(DecideEngine(options)->native);
  EXPECT_THAT(DecideEngine(options)->reason, HasSubstr("f32 only"));
  options.engine = EngineChoice::kNative;
  EXPECT_TRUE(DecideEngine(options).status().IsInvalid());
  EXPECT_THAT(DecideEngine(options).status().message(), HasSubstr("bf16"));
}

}  // namespace
}  // namespace pomona
