#include "pomona/features/onnx_weights.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/features/onnx_for_test.h"

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> Counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

TEST(OnnxWeights, KernelsComeAsHwioAndOtherLayersAreIgnored) {
  OnnxForTest model;
  model.Input("input", {1, 2, 4, 5});
  model.Initializer(Tensor::FromVector<float>("k1", {3, 2, 3, 1}, Counting(18)));
  model.Initializer(Tensor::FromVector<float>("b1", {3}, {7, 8, 9}));
  model.Initializer(Tensor::FromVector<float>("k2", {1, 3, 1, 1}, {1, 2, 3}));
  model.Node("Conv", "net/block1_conv1_1/Conv2D", {"input", "k1", "b1"}, "x");
  model.Node("Conv", "head/classifier", {"x", "k2"}, "y");
  model.Output("y");
  const auto tensors = ReadOnnxConvolutions(arrow::Buffer::FromString(model.Finish()), "m.onnx").ValueOrDie();
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].name, "block1_conv1/kernel");
  EXPECT_THAT(tensors[0].shape, ElementsAre(3, 1, 2, 3));
  // (h, w, i, o) = (o * 2 + i) * 3 + h in the ONNX order.
  EXPECT_THAT(tensors[0].values<float>(), ElementsAre(0, 6, 12, 3, 9, 15, 1, 7, 13, 4, 10, 16, 2, 8, 14, 5, 11, 17));
  EXPECT_EQ(tensors[1].name, "block1_conv1/bias");
  EXPECT_THAT(tensors[1].values<float>(), ElementsAre(7, 8, 9));
}

TEST(OnnxWeights, KernelThatIsNoConstantIsNamed) {
  OnnxForTest model;
  model.Input("input", {1, 2, 4, 5});
  model.Input("kernel", {3, 2, 3, 3});
  model.Node("Conv", "block2_conv1", {"input", "kernel"}, "block2_conv1/BiasAdd:0");
  model.Output("block2_conv1/BiasAdd:0");
  const auto result = ReadOnnxConvolutions(arrow::Buffer::FromString(model.Finish()), "m.onnx");
  EXPECT_TRUE(result.status().IsInvalid());
  EXPECT_THAT(result.status().message(), HasSubstr("layer \"block2_conv1\" has no constant kernel"));
}

TEST(OnnxWeights, OtherBytesAreRefused) {
  const auto result = ReadOnnxConvolutions(arrow::Buffer::FromString("\x08\x07 no model"), "m.onnx");
  EXPECT_TRUE(result.status().IsInvalid());
  EXPECT_THAT(result.status().message(), HasSubstr("m.onnx cannot be read as an ONNX model"));
}

}  // namespace
}  // namespace pomona
