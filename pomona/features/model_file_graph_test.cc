#include "pomona/features/model_file_graph.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/op/parameter.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/openvino.hpp>

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<ov::Model> Rectifier(const ov::PartialShape& shape, ov::element::Type type = ov::element::f32) {
  const auto image = std::make_shared<ov::op::v0::Parameter>(type, shape);
  image->set_friendly_name("image");
  const auto relu = std::make_shared<ov::op::v0::Relu>(image);
  relu->set_friendly_name("relu");
  return std::make_shared<ov::Model>(ov::OutputVector{relu}, ov::ParameterVector{image});
}

ModelFileOptions Options(int width, int height) {
  ModelFileOptions options;
  options.network.image_width = width;
  options.network.image_height = height;
  options.network.batch_size = 4;
  options.network.pooling = Pooling::kNone;
  return options;
}

TEST(AdaptModel, TakesPixelsAndGivesRows) {
  for (const auto& shape : {ov::PartialShape{-1, 3, -1, -1}, ov::PartialShape{1, 8, 8, 3}}) {
    const auto model = AdaptModel(Rectifier(shape), Options(20, 10), ChannelPlace::kFirst, "m").ValueOrDie();
    EXPECT_EQ(model->input().get_shape(), (ov::Shape{4, 10, 20, 3}));
    EXPECT_EQ(model->input().get_element_type(), ov::element::u8);
    EXPECT_EQ(model->output().get_shape(), (ov::Shape{4, 600}));
  }
}

TEST(AdaptModel, ShapesThatAreLeftOpenFollowTheFormat) {
  const auto first =
      AdaptModel(Rectifier(ov::PartialShape::dynamic()), Options(20, 10), ChannelPlace::kFirst, "m").ValueOrDie();
  const auto last =
      AdaptModel(Rectifier(ov::PartialShape::dynamic()), Options(20, 10), ChannelPlace::kLast, "m").ValueOrDie();
  EXPECT_GT(first->get_ops().size(), last->get_ops().size());  // the planes are put in order and back
}

TEST(AdaptModel, HalfPrecisionModelsGetAndGiveFloats) {
  const auto model =
      AdaptModel(Rectifier({1, 3, 8, 8}, ov::element::f16), Options(8, 8), ChannelPlace::kFirst, "m").ValueOrDie();
  EXPECT_EQ(model->output().get_element_type(), ov::element::f32);
}

TEST(AdaptModel, OptionsThatCannotBeAreErrors) {
  EXPECT_TRUE(AdaptModel(Rectifier({1, 3, 8, 8}), Options(-1, 8), ChannelPlace::kFirst, "m").status().IsInvalid());
  ModelFileOptions no_batch = Options(8, 8);
  no_batch.network.batch_size = 0;
  EXPECT_TRUE(AdaptModel(Rectifier({1, 3, 8, 8}), no_batch, ChannelPlace::kFirst, "m").status().IsInvalid());
  const auto row = AdaptModel(Rectifier({1, 10}), Options(8, 8), ChannelPlace::kFirst, "m");
  EXPECT_THAT(row.status().message(), HasSubstr("m: the input \"image\" has the shape [1,10]"));
}

}  // namespace
}  // namespace pomona
