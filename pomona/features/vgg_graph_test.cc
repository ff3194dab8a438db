#include "pomona/features/vgg_graph.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/openvino.hpp>

#include "pomona/features/vgg_for_test.h"

namespace pomona {
namespace {

std::size_t Count(const ov::Model& model, std::string_view type) {
  std::size_t count = 0;
  for (const auto& node : model.get_ops()) count += node->get_type_name() == type ? 1 : 0;
  return count;
}

NetworkOptions Options() {
  NetworkOptions options;
  options.image_width = 100;
  options.image_height = 64;
  options.batch_size = 2;
  return options;
}

TEST(VggGraph, HasTheShapesOfTheNetwork) {
  NetworkOptions options = Options();
  const auto pooled = BuildVggGraph(RandomVggWeights(), options).ValueOrDie();
  EXPECT_EQ(pooled->input().get_shape(), (ov::Shape{2, 64, 100, 3}));
  EXPECT_EQ(pooled->output().get_shape(), (ov::Shape{2, 512}));
  EXPECT_EQ(Count(*pooled, "Convolution"), 13U);
  EXPECT_EQ(Count(*pooled, "MaxPool"), 5U);
  EXPECT_EQ(Count(*pooled, "FakeQuantize"), 0U);
  options.pooling = Pooling::kNone;
  EXPECT_EQ(BuildVggGraph(RandomVggWeights(), options).ValueOrDie()->output().get_shape(),
            (ov::Shape{2, std::size_t{2} * 3 * 512}));
}

TEST(VggGraph, Vgg19HasThreeConvolutionsMore) {
  const auto graph = BuildVggGraph(RandomVggWeights(kVgg19), Options()).ValueOrDie();
  EXPECT_EQ(graph->output().get_shape(), (ov::Shape{2, 512}));
  EXPECT_EQ(Count(*graph, "Convolution"), 16U);
  EXPECT_EQ(Count(*graph, "MaxPool"), 5U);
  EXPECT_EQ(graph->get_friendly_name(), "vgg19");
  NetworkOptions options = Options();
  options.precision = Precision::kInt8;
  options.int8_ranges.assign(12, 100.0F);
  EXPECT_THAT(BuildVggGraph(RandomVggWeights(kVgg19), options).status().message(),
              testing::HasSubstr("got 12 ranges, VGG19 has 15"));
}

TEST(VggGraph, QuantisesTwelveLayersForInt8) {
  NetworkOptions options = Options();
  options.precision = Precision::kInt8;
  options.int8_ranges.assign(12, 100.0F);
  const auto graph = BuildVggGraph(RandomVggWeights(), options).ValueOrDie();
  EXPECT_EQ(Count(*graph, "FakeQuantize"), 24U);
}

}  // namespace
}  // namespace pomona
