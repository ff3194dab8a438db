#include "pomona/features/vgg16_weights.h"

#include <functional>
#include <limits>
#include <vector>

#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/features/onnx_for_test.h"
#include "pomona/features/safetensors.h"
#include "pomona/features/vgg16_for_test.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

Result<Vgg16Weights> ReadBytes(const std::shared_ptr<arrow::Buffer>& bytes) {
  return Vgg16Weights::Read(std::make_shared<arrow::io::BufferReader>(bytes), "weights.file");
}

const Vgg16Weights& Random() {
  static const auto* const weights = new Vgg16Weights(RandomVgg16Weights());
  return *weights;
}

/// The tensors of some random weights, changed, as a safetensors file.
std::shared_ptr<arrow::Buffer> FileWith(const std::function<void(std::vector<Tensor>*)>& change) {
  std::vector<Tensor> tensors;
  for (const Vgg16Layer& layer : Random().layers) {
    tensors.push_back(layer.kernel);
    tensors.push_back(layer.bias);
  }
  change(&tensors);
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(WriteSafetensors(tensors, {}, stream.get()).ok());
  return stream->Finish().ValueOrDie();
}

TEST(Vgg16Weights, ReadsWhatItWrites) {
  const auto stream = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(Random().WriteSafetensors(stream.get()).ok());
  const Vgg16Weights read = ReadBytes(stream->Finish().ValueOrDie()).ValueOrDie();
  EXPECT_EQ(read.Sha256(), Random().Sha256());
  EXPECT_NE(read.Sha256(), RandomVgg16Weights(2).Sha256());
}

TEST(Vgg16Weights, NamesOfOtherToolsAreUnderstood) {
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

TEST(Vgg16Weights, MissingLayerIsNamed) {
  const auto result = ReadBytes(FileWith([](auto* tensors) { tensors->erase(tensors->begin() + 4); }));
  EXPECT_TRUE(result.status().IsInvalid());
  EXPECT_THAT(result.status().message(), HasSubstr("weights.file: layer \"block2_conv1\" has no kernel"));
  EXPECT_THAT(result.status().message(), HasSubstr("(3, 3, 64, 128)"));
}

TEST(Vgg16Weights, WrongShapeIsNamed) {
  const auto result = ReadBytes(FileWith([](auto* tensors) { (*tensors)[6].shape = {128, 128, 3, 3}; }));
  EXPECT_THAT(result.status().message(),
              HasSubstr("layer \"block2_conv2\": the kernel has the shape (128, 128, 3, 3), (3, 3, 128, 128) wanted"));
}

TEST(Vgg16Weights, NonFiniteValueIsNamed) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto result = ReadBytes(FileWith([bad](auto* tensors) {
      std::vector<float> bias(256, 0.0F);
      bias[255] = bad;
      (*tensors)[11] = Tensor::FromVector("block3_conv2/bias", {256}, std::move(bias));
    }));
    EXPECT_THAT(result.status().message(), HasSubstr("layer \"block3_conv2\": the bias holds a value that is NaN"));
  }
}

TEST(Vgg16Weights, TwoTensorsForOneRoleAreRefused) {
  const auto result = ReadBytes(FileWith([](auto* tensors) {
    tensors->push_back((*tensors)[1]);
    tensors->back().name = "block1_conv1/bias:0";
  }));
  EXPECT_THAT(result.status().message(), HasSubstr("has two tensors for its bias"));
}

TEST(Vgg16Weights, OtherFilesAreRefused) {
  for (const char* text : {"", "short", "<html><body>Not found</body></html>"}) {
    const auto result = ReadBytes(arrow::Buffer::FromString(text));
    EXPECT_TRUE(result.status().IsInvalid());
    EXPECT_THAT(result.status().message(), HasSubstr("weights.file is no weights file"));
  }
}

TEST(Vgg16Weights, ReadsOnnx) {
  OnnxForTest model;
  model.Input("x0", {1, 3, 32, 32});
  for (std::size_t i = 0; i < kVgg16Layers.size(); ++i) {
    const Vgg16Shape& shape = kVgg16Layers[i];
    const auto hwio = Random().layers[i].kernel.values<float>();
    const auto inputs = static_cast<std::size_t>(shape.inputs);
    const auto outputs = static_cast<std::size_t>(shape.outputs);
    std::vector<float> oihw(hwio.size());
    for (std::size_t place = 0; place < hwio.size(); ++place) {
      const std::size_t o = place % outputs;
      const std::size_t in = place / outputs % inputs;
      oihw[(o * inputs + in) * 9 + place / outputs / inputs] = hwio[place];
    }
    const std::string name(shape.name);
    model.Initializer(Tensor::FromVector(name + "_k", {shape.outputs, shape.inputs, 3, 3}, std::move(oihw)));
    Tensor bias = Random().layers[i].bias;
    bias.name = name + "_b";
    model.Initializer(bias);
    model.Node("Conv", "net/" + name + "_1/BiasAdd", {"x" + std::to_string(i), name + "_k", name + "_b"},
               "x" + std::to_string(i + 1), OnnxForTest::Integers("pads", {1, 1, 1, 1}));
  }
  model.Output("x13");
  EXPECT_EQ(ReadBytes(arrow::Buffer::FromString(model.Finish())).ValueOrDie().Sha256(), Random().Sha256());
}

TEST(Vgg16Weights, RealWeightsHaveTheKnownHash) {
  const auto file = FindVgg16File();
  if (!file) GTEST_SKIP() << kNoVgg16;
  EXPECT_EQ(ReadVgg16File(*file).ValueOrDie().Sha256(), kVgg16Sha256);
}

}  // namespace
}  // namespace pomona
