#include "pomona/base/simd_target.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "pomona/base/resources.h"

namespace pomona {
namespace {

TEST(SimdTarget, NamesReadBack) {
  for (const SimdTarget target :
       {SimdTarget::kAvx512, SimdTarget::kAvx2, SimdTarget::kSse4, SimdTarget::kNeon, SimdTarget::kGeneric}) {
    EXPECT_EQ(SimdTargetFromName(SimdTargetName(target)), target);
  }
  EXPECT_EQ(SimdTargetFromName("avx1024"), std::nullopt);
}

TEST(SimdTarget, UsesWhatTheProcessorHas) {
  const std::vector<SimdTarget> usable = UsableSimdTargets();
  ASSERT_FALSE(usable.empty());
  EXPECT_TRUE(std::is_sorted(usable.begin(), usable.end()));
  const std::vector<std::string> sets = InstructionSets();
  const auto has = [&](std::string_view name) { return std::find(sets.begin(), sets.end(), name) != sets.end(); };
  const auto uses = [&](SimdTarget target) { return std::find(usable.begin(), usable.end(), target) != usable.end(); };
  EXPECT_EQ(uses(SimdTarget::kAvx512), has("avx512"));
  EXPECT_EQ(uses(SimdTarget::kAvx2), has("avx2"));
  EXPECT_EQ(uses(SimdTarget::kSse4), has("sse4.2"));
  EXPECT_EQ(uses(SimdTarget::kNeon), has("neon"));
}

}  // namespace
}  // namespace pomona
