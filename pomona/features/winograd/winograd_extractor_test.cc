#include "pomona/features/winograd/winograd_extractor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/features/winograd/network_for_test.h"

namespace pomona::winograd {
namespace {

using ::testing::HasSubstr;

/// A network with enough weights that a limit can matter: 3 -> 32 -> 256 -> 256, pooled.
NetworkDescription LargeNetwork(const std::vector<std::vector<float>>& kernels,
                                const std::vector<std::vector<float>>& biases) {
  NetworkDescription description;
  description.image_rows = description.image_columns = 48;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    description.layers.push_back({"layer" + std::to_string(i),
                                  static_cast<int>(kernels[i].size() / 9 / biases[i].size()),
                                  static_cast<int>(biases[i].size()), kernels[i], biases[i], i == 2});
  }
  return description;
}

class WinogradExtractorTest : public testing::Test {
 protected:
  WinogradExtractorTest() {
    for (const auto& [inputs, outputs] : {std::pair(3, 32), {32, 256}, {256, 256}}) {
      kernels_.push_back(RandomFloats(static_cast<std::size_t>(9 * inputs * outputs), 1, 0.05F));
      biases_.push_back(RandomFloats(static_cast<std::size_t>(outputs), 2));
    }
    description_ = LargeNetwork(kernels_, biases_);
  }
  std::vector<std::vector<float>> kernels_;
  std::vector<std::vector<float>> biases_;
  NetworkDescription description_;
};

TEST_F(WinogradExtractorTest, PlansByItself) {
  const EnginePlan plan = PlanEngine(description_, {}).ValueOrDie();
  EXPECT_EQ(plan.network.target, UsableSimdTargets().front());
  ASSERT_EQ(plan.network.layers.size(), 2U);
  EXPECT_GE(plan.network.batch, 8);
  EXPECT_GT(plan.shared_bytes, 256 * 256 * 16 * 4);
  EXPECT_GT(plan.session_bytes, 0);
}

TEST_F(WinogradExtractorTest, ObeysAPlan) {
  EngineOptions options;
  options.batch_size = 5;
  options.tile_sizes = {3, 4};
  options.target = UsableSimdTargets().back();
  const EnginePlan plan = PlanEngine(description_, options).ValueOrDie();
  const auto extractor = MakeWinogradExtractor(description_, plan, "hash").ValueOrDie();
  EXPECT_EQ(extractor->batch_size(), 5);
  EXPECT_EQ(extractor->engine(), "native");
  EXPECT_EQ(extractor->weights_sha256(), "hash");
  EXPECT_EQ(extractor->dim(), 256);
  EXPECT_EQ(extractor->image_width(), 48);
  const Json expected = {{"instruction_set", SimdTargetName(*options.target)},
                         {"tile_sizes", {3, 4}},
                         {"relative_cost", plan.relative_cost / 100.0}};
  EXPECT_EQ(extractor->engine_plan(), expected);
  EXPECT_GT(plan.relative_cost, 100);
}

TEST_F(WinogradExtractorTest, RefusesAPlanThatDoesNotFit) {
  EngineOptions options;
  options.tile_sizes = {6};
  EXPECT_THAT(PlanEngine(description_, options).status().message(), HasSubstr("1 tile sizes for 2 convolutions"));
  options.tile_sizes = {6, 7};
  EXPECT_TRUE(PlanEngine(description_, options).status().IsInvalid());
  options.tile_sizes.clear();
  options.target = UsableSimdTargets().front() == SimdTarget::kNeon ? SimdTarget::kAvx2 : SimdTarget::kNeon;
  EXPECT_THAT(PlanEngine(description_, options).status().message(), HasSubstr("this processor does not run"));
}

TEST_F(WinogradExtractorTest, LittleMemoryMeansASmallerBatchThenFewerSessions) {
  description_.image_rows = description_.image_columns = 16;  // so few tiles that a batch has more images than it must
  EngineOptions options;
  options.threads = 2;
  const EnginePlan free = PlanEngine(description_, options).ValueOrDie();
  EXPECT_EQ(free.sessions, 2);
  EXPECT_EQ(free.relative_cost, 100);
  options.memory = free.bytes(2) - 1;
  const EnginePlan smaller = PlanEngine(description_, options).ValueOrDie();
  EXPECT_LE(smaller.bytes(2), options.memory);
  EXPECT_LT(smaller.network.batch, free.network.batch);
  options.memory = 1;
  const EnginePlan least = PlanEngine(description_, options).ValueOrDie();
  EXPECT_EQ(least.sessions, 1);
  EXPECT_EQ(least.relative_cost, 100) << "what is free at the moment must not decide bits";
  options.batch_size = free.network.batch;
  EXPECT_EQ(PlanEngine(description_, options).ValueOrDie().network.batch, free.network.batch);
}

TEST_F(WinogradExtractorTest, TilesFollowFromTheLimitWhateverElse) {
  const auto tiles = [&](EngineOptions options) {
    std::vector<int> sizes;
    const EnginePlan plan = PlanEngine(description_, options).ValueOrDie();
    for (const LayerPlan& layer : plan.network.layers) sizes.push_back(layer.tile_size);
    return sizes;
  };
  EngineOptions options;
  const std::vector<int> best = tiles(options);
  options.memory_limit = 97'000'000;  // hardly more than the program without the network
  const std::vector<int> small = tiles(options);
  EXPECT_LT(small[1], best[1]);
  EXPECT_GT(PlanEngine(description_, options).ValueOrDie().relative_cost, 100);
  for (const int threads : {2, 7, 64}) {
    for (const std::int64_t memory : {std::int64_t{1}, std::int64_t{1} << 40}) {
      for (const SimdTarget target : UsableSimdTargets()) {
        options.threads = threads;
        options.memory = memory;
        options.target = target;
        EXPECT_EQ(tiles(options), small) << threads << " threads, " << memory << " bytes, " << SimdTargetName(target);
      }
    }
  }
  options.tile_sizes = {6, 6};  // what a plan says stays, whatever the limit
  EXPECT_EQ(tiles(options)[1], 6);
}

TEST_F(WinogradExtractorTest, SessionsCheckTheirBatch) {
  EngineOptions options;
  options.batch_size = 2;
  const auto extractor =
      MakeWinogradExtractor(description_, PlanEngine(description_, options).ValueOrDie(), "").ValueOrDie();
  const auto session = extractor->NewSession().ValueOrDie();
  std::vector<float> features(std::size_t{3} * 256, -1);
  EXPECT_TRUE(session->Run(3, {features.data(), 3, 256}).IsInvalid());
  EXPECT_TRUE(session->Run(1, {features.data(), 1, 255}).IsInvalid());
  EXPECT_TRUE(session->Run(0, {features.data(), 0, 256}).ok());
  std::fill_n(session->input(1), 48 * 48 * 3, 200);
  EXPECT_TRUE(session->Run(2, {features.data(), 2, 256}).ok());
  EXPECT_EQ(features[512], -1);
  EXPECT_NE(features[0], features[256]);
}

}  // namespace
}  // namespace pomona::winograd
