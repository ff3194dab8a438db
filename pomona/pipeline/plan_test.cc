#include "pomona/pipeline/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

using ::testing::HasSubstr;

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    options_.extractor.extractor = "pixels";
    opened_ = OpenExtractor(options_.extractor).ValueOrDie();
    input_.extractor = &opened_;
    input_.options = &options_;
    input_.images = 10;
    input_.manifest_sha256 = "abc";
  }
  RunOptions options_;
  OpenedExtractor opened_;
  PlanInput input_;
};

TEST_F(PlanTest, SaysAllThatWasChosen) {
  const Json plan = MakePlan(input_);
  for (const char* key : {"images", "manifest_sha256", "features", "batch_size", "engine", "precision", "recipe",
                          "component_rule", "instruction_set", "versions"}) {
    EXPECT_TRUE(plan.contains(key)) << key;
  }
  EXPECT_EQ(plan["features"], 16 * 16 * 3);
  EXPECT_EQ(plan["recipe"]["image-size"], "16x16");
  EXPECT_FALSE(plan["recipe"].contains("input"));
  EXPECT_FALSE(plan["recipe"].contains("components"));
}

TEST_F(PlanTest, DoesNotDependOnThreads) {
  const Json plan = MakePlan(input_);
  options_.threads = 9;
  options_.memory = 1;
  EXPECT_EQ(MakePlan(input_), plan);
}

TEST_F(PlanTest, DifferencesAreNamed) {
  const Json plan = MakePlan(input_);
  EXPECT_TRUE(CheckPlan(plan, plan, "out").ok());
  Json other = plan;
  other["batch_size"] = 1234;
  other["versions"]["arrow"] = "1.0";
  const Status status = CheckPlan(other, plan, "out");
  EXPECT_THAT(status.message(), HasSubstr("batch_size: planned 1234, here"));
  EXPECT_THAT(status.message(), HasSubstr("versions.arrow: planned \"1.0\""));
  EXPECT_THAT(status.message(), HasSubstr("--overwrite"));
}

TEST_F(PlanTest, AMissingInstructionSetIsNamed) {
  const Json plan = MakePlan(input_);
  Json other = plan;
  other["instruction_set"] = "future-512";
  EXPECT_THAT(CheckPlan(other, plan, "out").message(), HasSubstr("has no future-512"));
}

TEST_F(PlanTest, WeightsAreComparedByHashNotByPlace) {
  Json plan = MakePlan(input_);
  Json moved = plan;
  moved["extractor"]["source"] = "another/place.h5";
  moved["extractor"]["engine_reason"] = "asked for";
  EXPECT_TRUE(CheckPlan(plan, moved, "out").ok());
  moved["weights_sha256"] = "other";
  EXPECT_FALSE(CheckPlan(plan, moved, "out").ok());
}

TEST(Plan, BatchesShrinkWithTheImage) {
  EXPECT_EQ(ChooseBatchSize(100, 100), 8);
  EXPECT_EQ(ChooseBatchSize(0, 0), 4);
  EXPECT_EQ(ChooseBatchSize(1000, 1000), 4);
}

}  // namespace
}  // namespace pomona
