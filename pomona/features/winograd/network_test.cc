#include "pomona/features/winograd/network.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/features/winograd/network_for_test.h"

namespace pomona::winograd {
namespace {

using ::testing::HasSubstr;

SimdTarget Best() { return UsableSimdTargets().front(); }

TEST(Network, KnowsItsShapes) {
  const SmallNetwork small(17, 12, Pooling::kNone);
  const std::vector<ConvolutionShape> shapes = ConvolutionShapes(small.Describe()).ValueOrDie();
  ASSERT_EQ(shapes.size(), 3U);
  EXPECT_EQ(shapes[0].inputs, 32);
  EXPECT_EQ(shapes[0].rows, 17);
  EXPECT_TRUE(shapes[0].pooled);
  EXPECT_EQ(shapes[1].rows, 8);
  EXPECT_EQ(shapes[1].columns, 6);
  EXPECT_EQ(shapes[1].outputs, 64);
  const auto network = Network::Make(small.Describe(), small.Plan(Best(), 1)).ValueOrDie();
  EXPECT_EQ(network->dim(), 4 * 3 * 32);
  const SmallNetwork pooled(17, 12, Pooling::kAverage);
  EXPECT_EQ(Network::Make(pooled.Describe(), pooled.Plan(Best(), 1)).ValueOrDie()->dim(), 32);
}

TEST(Network, RefusesWeightsThatAreNotFinite) {
  SmallNetwork small(16, 16, Pooling::kMax);
  const NetworkPlan plan = small.Plan(Best(), 1);
  small.kernels[2][100] = std::numeric_limits<float>::quiet_NaN();
  Status status = Network::Make(small.Describe(), plan).status();
  EXPECT_TRUE(status.IsInvalid());
  EXPECT_THAT(status.message(), HasSubstr("layer \"layer2\": the kernel holds a value that is NaN or infinite"));
  small.kernels[2][100] = 0;
  small.biases[0][3] = std::numeric_limits<float>::infinity();
  status = Network::Make(small.Describe(), plan).status();
  EXPECT_THAT(status.message(), HasSubstr("layer \"layer0\": the bias"));
  small.biases[0][3] = 0;
  small.biases[3].pop_back();
  NetworkDescription short_bias = small.Describe();
  short_bias.layers[3].outputs = 32;
  short_bias.layers[3].inputs = 64;
  EXPECT_THAT(Network::Make(short_bias, plan).status().message(), HasSubstr("31 of the bias"));
}

TEST(Network, RefusesWhatItDoesNotRun) {
  const SmallNetwork small(16, 16, Pooling::kMax);
  NetworkDescription odd = small.Describe();
  odd.layers[1].outputs = 40;
  EXPECT_THAT(ConvolutionShapes(odd).status().message(), HasSubstr("layer \"layer1\" has 32 inputs and 40 outputs"));
  NetworkDescription unpooled = small.Describe();
  unpooled.layers.back().pooled_after = false;
  EXPECT_TRUE(ConvolutionShapes(unpooled).status().IsInvalid());
  NetworkDescription tiny = small.Describe();
  tiny.image_columns = 3;
  EXPECT_THAT(ConvolutionShapes(tiny).status().message(), HasSubstr("3x16 pixels"));
  NetworkPlan plan = small.Plan(Best(), 1);
  plan.layers.pop_back();
  EXPECT_TRUE(Network::Make(small.Describe(), plan).status().IsInvalid());
}

TEST(Network, StatesItsMemoryBeforehand) {
  const SmallNetwork small(16, 16, Pooling::kMax);
  const std::vector<ConvolutionShape> shapes = ConvolutionShapes(small.Describe()).ValueOrDie();
  const NetworkPlan plan = small.Plan(Best(), 1, {2, 4, 6});
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) bytes += WeightBytes(shapes[i], plan.layers[i].tile_size);
  EXPECT_GE(Network::SharedBytes(shapes, plan), bytes);
  EXPECT_LE(Network::SharedBytes(shapes, plan), bytes + 64 * 4096);
}

}  // namespace
}  // namespace pomona::winograd
