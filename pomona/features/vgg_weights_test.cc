#include "pomona/features/vgg_weights.h"

#include <functional>
#include <limits>
#include <vector>

#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/features/onnx_for_test.h"
#include "pomona/features/safetensors.h"
#include "pomona/features/vgg_for_test.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

Result<VggWeights> ReadBytes(const std::shared_ptr<arrow::Buffer>& bytes, const VggVariant& variant = kVgg16) {
  return VggWeights::Read(std::make_shared<arrow::io::BufferReader>(bytes), variant, "weights.file");
}

const VggWeights& Random() {
  static const auto* const weights = new VggWeights(RandomVggWeights());
  return *weights;
}

/// The tensors of some random weights, changed, as a safetensors file.
std::shared_ptr<arrow::Buffer> FileWith(const std::function<void(std::vector<Tensor>*)>& change) {
  std::vector<Tensor> tensors;
  for (const VggLayer& layer : Random().layers) {
    tensors.push_back(layer.kernel);
    tensors.push_back(layer.bias);
  }
  change(&tensors);
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(WriteSafetensors(tensors, {}, stream.get()).ok());
  return stream->Finish().ValueOrDie();
}

TEST(VggWeights, ReadsWhatItWrites) {
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(Random().WriteSafetensors(stream.get()).ok());
  const VggWeights read = ReadBytes(stream->Finish().ValueOrDie()).ValueOrDie();
  EXPECT_EQ(read.Sha256(), Random().Sha256());
  EXPECT_NE(read.Sha256(), RandomVggWeights(kVgg16, 2).Sha256());
}

TEST(VggWeights, NamesOfOtherToolsAreUnderstood) {
  const auto bytes = FileWith([](std::vector<Tensor>* tensors) {
    (*tensors)[0].name = "model/block1_conv1/block1_conv1_W_1:0";
    (*tensors)[1].name = "block1_conv1/block1_conv1_b_1:0";
    (*tensors)[2].name = "block1_conv2.weight";
    (*tensors)[3].name = "block1_conv2.bias";
    (*tensors)[4].name = "block2_conv1/block2_conv1/kernel:0";
    (*tensors)[5].name = "block2_conv1/block2_conv1/bias:0";
    tensors->push_back(Tensor::FromVector<float>("predictions/kernel:0", {1, 1}, {1}));
  });
  EXPECT_EQ(ReadBytes(bytes).ValueOrDie().Sha256(), Random().Sha256());
}

TEST(VggWeights, MissingLayerIsNamed) {
  const auto result = ReadBytes(FileWith([](auto* tensors) { tensors->erase(tensors->begin() + 4); }));
  EXPECT_TRUE(result.status().IsInvalid());
  EXPECT_THAT(result.status().message(), HasSubstr("weights.file: layer \"block2_conv1\" has no kernel"));
  EXPECT_THAT(result.status().message(), HasSubstr("(3, 3, 64, 128)"));
}

TEST(VggWeights, WrongShapeIsNamed) {
  const auto result = ReadBytes(FileWith([](auto* tensors) { (*tensors)[6].shape = {128, 128, 3, 3}; }));
  EXPECT_THAT(result.status().message(),
              HasSubstr("layer \"block2_conv2\": the kernel has the shape (128, 128, 3, 3), (3, 3, 128, 128) wanted"));
}

TEST(VggWeights, NonFiniteValueIsNamed) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto result = ReadBytes(FileWith([bad](auto* tensors) {
      std::vector<float> bias(256, 0.0F);
      bias[255] = bad;
      (*tensors)[11] = Tensor::FromVector("block3_conv2/bias", {256}, std::move(bias));
    }));
    EXPECT_THAT(result.status().message(), HasSubstr("layer \"block3_conv2\": the bias holds a value that is NaN"));
  }
}

TEST(VggWeights, TwoTensorsForOneRoleAreRefused) {
  const auto result = ReadBytes(FileWith([](auto* tensors) {
    tensors->push_back((*tensors)[1]);
    tensors->back().name = "block1_conv1/bias:0";
  }));
  EXPECT_THAT(result.status().message(), HasSubstr("has two tensors for its bias"));
}

TEST(VggWeights, OtherFilesAreRefused) {
  for (const char* text : {"", "short", "<html><body>Not found</body></html>"}) {
    const auto result = ReadBytes(arrow::Buffer::FromString(text));
    EXPECT_TRUE(result.status().IsInvalid());
    EXPECT_THAT(result.status().message(), HasSubstr("weights.file is no weights file"));
  }
}

/// The convolutions of some weights as an ONNX model.
std::shared_ptr<arrow::Buffer> OnnxOf(const VggWeights& weights) {
  OnnxForTest model;
  model.Input("x0", {1, 3, 32, 32});
  const std::vector<VggShape> shapes = VggLayers(weights.variant);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const VggShape& shape = shapes[i];
    const auto hwio = weights.layers[i].kernel.values<float>();
    const auto inputs = static_cast<std::size_t>(shape.inputs);
    const auto outputs = static_cast<std::size_t>(shape.outputs);
    std::vector<float> oihw(hwio.size());
    for (std::size_t place = 0; place < hwio.size(); ++place) {
      const std::size_t o = place % outputs;
      const std::size_t in = place / outputs % inputs;
      oihw[(o * inputs + in) * 9 + place / outputs / inputs] = hwio[place];
    }
    model.Initializer(Tensor::FromVector(shape.name + "_k", {shape.outputs, shape.inputs, 3, 3}, std::move(oihw)));
    Tensor bias = weights.layers[i].bias;
    bias.name = shape.name + "_b";
    model.Initializer(bias);
    model.Node("Conv", "net/" + shape.name + "_1/BiasAdd",
               {"x" + std::to_string(i), shape.name + "_k", shape.name + "_b"}, "x" + std::to_string(i + 1),
               OnnxForTest::Integers("pads", {1, 1, 1, 1}));
  }
  model.Output("x" + std::to_string(shapes.size()));
  return arrow::Buffer::FromString(model.Finish());
}

TEST(VggWeights, ReadsOnnx) {
  const VggWeights vgg19 = RandomVggWeights(kVgg19);
  EXPECT_EQ(ReadBytes(OnnxOf(vgg19), kVgg19).ValueOrDie().Sha256(), vgg19.Sha256());
}

TEST(VggWeights, OneVariantDoesNotPassForTheOther) {
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const VggWeights vgg19 = RandomVggWeights(kVgg19);
  ASSERT_EQ(vgg19.layers.size(), 16U);
  ASSERT_TRUE(vgg19.WriteSafetensors(stream.get()).ok());
  const auto bytes = stream->Finish().ValueOrDie();
  EXPECT_EQ(ReadBytes(bytes, kVgg19).ValueOrDie().Sha256(), vgg19.Sha256());
  // All that VGG16 needs is there, and would give features of no use.
  EXPECT_THAT(ReadBytes(bytes, kVgg16).status().message(),
              HasSubstr("weights.file: holds a layer \"block3_conv4\", which VGG16 does not have"));
  EXPECT_THAT(ReadBytes(FileWith([](auto*) {}), kVgg19).status().message(),
              HasSubstr("layer \"block3_conv4\" has no kernel; VGG19 needs one of shape (3, 3, 256, 256)"));
}

TEST(VggWeights, RealWeightsHaveTheKnownHash) {
  const auto file = FindVgg16File();
  if (!file) GTEST_SKIP() << kNoVgg16;
  EXPECT_EQ(ReadVgg16File(*file).ValueOrDie().Sha256(), kVgg16Sha256);
}

}  // namespace
}  // namespace pomona
