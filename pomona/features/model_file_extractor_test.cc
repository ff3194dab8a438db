#include "pomona/features/model_file_extractor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openvino/openvino.hpp>

#include "pomona/base/source_folder_for_test.h"
#include "pomona/features/onnx_for_test.h"
#include "pomona/features/safetensors.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kMobileNet = fs::path(kSourceFolder) / "pomona/models/embedded/mobilenetv2-0.35.tflite";
const fs::path kTestData = fs::path(kSourceFolder) / "pomona/features/testdata";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Features of one image whose pixel k has the value (7 k + 3) % 256.
std::vector<float> OneImage(const FeatureExtractor& extractor) {
  const auto session = extractor.NewSession().ValueOrDie();
  const int bytes = extractor.image_width() * extractor.image_height() * 3;
  for (int k = 0; k < bytes; ++k) session->input(0)[k] = static_cast<std::uint8_t>((7 * k + 3) % 256);
  std::vector<float> features(static_cast<std::size_t>(extractor.dim()));
  EXPECT_TRUE(session->Run(1, {features.data(), 1, extractor.dim()}).ok());
  return features;
}

/// A 1 x 1 convolution that doubles the first channel and adds the two others, named "map", then its global mean.
std::string SmallOnnx(const std::vector<std::int64_t>& input_shape) {
  OnnxForTest model;
  model.Input("image", input_shape);
  model.Initializer(Tensor::FromVector<float>("k", {2, 3, 1, 1}, {2, 0, 0, 0, 1, 1}));
  model.Node("Conv", "map", {"image", "k"}, "map");
  model.Node("GlobalAveragePool", "mean", {"map"}, "mean");
  model.Node("Flatten", "flat", {"mean"}, "flat");
  model.Output("flat");
  return model.Finish();
}

Result<std::unique_ptr<FeatureExtractor>> Open(const std::string& onnx, const ModelFileOptions& options) {
  return MakeModelBytesExtractor(std::as_bytes(std::span(onnx)), ".onnx", "small", options);
}

ModelFileOptions Options(int width = 0, int height = 0, std::string output_node = "") {
  ModelFileOptions options;
  options.network.image_width = width;
  options.network.image_height = height;
  options.network.batch_size = 2;
  options.output_node = std::move(output_node);
  return options;
}

TEST(ModelFileExtractor, PoolsAMapAndLeavesRowsAlone) {
  const std::string onnx = SmallOnnx({-1, 3, -1, -1});
  // Two pixels: (3, 10, 17) and (24, 31, 38).
  EXPECT_THAT(OneImage(**Open(onnx, Options(2, 1))), ElementsAre(27, 48));
  ModelFileOptions options = Options(2, 1, "map");
  EXPECT_THAT(OneImage(**Open(onnx, options)), ElementsAre(48, 69));
  options.network.pooling = Pooling::kAverage;
  EXPECT_THAT(OneImage(**Open(onnx, options)), ElementsAre(27, 48));
  options.network.pooling = Pooling::kNone;
  EXPECT_THAT(OneImage(**Open(onnx, options)), ElementsAre(6, 27, 48, 69));  // height, width, channel
}

TEST(ModelFileExtractor, Preprocesses) {
  ModelFileOptions options = Options(2, 1, "map");
  options.network.pooling = Pooling::kNone;
  options.preprocessing.channel_order = ChannelOrder::kBgr;
  options.preprocessing.mean = {1, 2, 3};
  options.preprocessing.scale = {0.5F, 2, 4};
  // BGR of the first pixel: (17, 10, 3), minus the mean (16, 8, 0), scaled (8, 16, 0); of the second (38, 31, 24):
  // (18.5, 58, 84).
  EXPECT_THAT(OneImage(**Open(SmallOnnx({-1, 3, -1, -1}), options)), ElementsAre(16, 16, 37, 142));
}

TEST(ModelFileExtractor, TakesTheModelsOwnSizeAndBatch) {
  const auto extractor = Open(SmallOnnx({1, 3, 4, 6}), Options()).ValueOrDie();
  EXPECT_EQ(extractor->image_width(), 6);
  EXPECT_EQ(extractor->image_height(), 4);
  EXPECT_EQ(extractor->batch_size(), 2);
  EXPECT_EQ(extractor->dim(), 2);
  const auto open = Open(SmallOnnx({-1, 3, -1, -1}), Options());
  EXPECT_THAT(open.status().message(), HasSubstr("leaves its image size open"));
}

TEST(ModelFileExtractor, FixedBatchRunsImageByImage) {
  OnnxForTest model;
  model.Input("image", {1, 3, 2, 2});
  model.Initializer(Tensor::FromVector<std::int64_t>("shape", {2}, {1, 12}));
  model.Node("Reshape", "flat", {"image", "shape"}, "flat");
  model.Node("Relu", "relu", {"flat"}, "relu");
  model.Output("relu");
  EXPECT_EQ(Open(model.Finish(), Options()).ValueOrDie()->batch_size(), 1);
  const auto other_size = Open(model.Finish(), Options(5, 5));
  EXPECT_TRUE(other_size.status().IsInvalid());
  EXPECT_THAT(other_size.status().message(), HasSubstr("small cannot take images of 5x5"));
  EXPECT_THAT(other_size.status().message(), HasSubstr("[1,3,2,2]"));
}

TEST(ModelFileExtractor, ChannelsLastInputIsUnderstood) {
  OnnxForTest model;
  model.Input("image", {-1, -1, -1, 3});
  model.Node("Transpose", "planes", {"image"}, "planes", OnnxForTest::Integers("perm", {0, 3, 1, 2}));
  model.Initializer(Tensor::FromVector<float>("k", {2, 3, 1, 1}, {2, 0, 0, 0, 1, 1}));
  model.Node("Conv", "map", {"planes", "k"}, "map");
  model.Output("map");
  ModelFileOptions options = Options(20, 10);
  options.network.pooling = Pooling::kAverage;
  EXPECT_EQ(Open(model.Finish(), options).ValueOrDie()->dim(), 2);  // the map has its channels first all the same
}

TEST(ModelFileExtractor, WrongShapesAreNamed) {
  EXPECT_THAT(Open(SmallOnnx({1, 4, 8, 8}), Options()).status().message(), HasSubstr("small"));
  OnnxForTest grey;
  grey.Input("image", {1, 1, 8, 8});
  grey.Node("Relu", "relu", {"image"}, "relu");
  grey.Output("relu");
  const auto result = Open(grey.Finish(), Options());
  EXPECT_TRUE(result.status().IsInvalid());
  EXPECT_THAT(result.status().message(), HasSubstr("\"image\" has the shape [1,1,8,8]"));
}

TEST(ModelFileExtractor, WrongOutputNodeListsNearOnes) {
  const auto mistyped = Open(SmallOnnx({1, 3, 4, 4}), Options(0, 0, "maps"));
  EXPECT_TRUE(mistyped.status().IsKeyError());
  EXPECT_THAT(mistyped.status().message(), HasSubstr("no output node \"maps\"; near it: \"map\""));
  const auto absurd = Open(SmallOnnx({1, 3, 4, 4}), Options(0, 0, "predictions/Softmax"));
  EXPECT_THAT(absurd.status().message(), HasSubstr("its last ones: "));
}

TEST(ModelFileExtractor, SeveralOutputsMustBeChosenFrom) {
  OnnxForTest model;
  model.Input("image", {1, 3, 4, 4});
  model.Node("Relu", "a", {"image"}, "first");
  model.Node("Sigmoid", "b", {"image"}, "second");
  model.Output("first");
  model.Output("second");
  const auto result = Open(model.Finish(), Options());
  EXPECT_THAT(result.status().message(), HasSubstr("has 2 outputs (\"first\", \"second\"); say which"));
  EXPECT_TRUE(Open(model.Finish(), Options(0, 0, "second")).ok());
}

TEST(ModelFileExtractor, OtherFilesAreRefused) {
  EXPECT_TRUE(MakeModelFileExtractor("/no/such/model.onnx", Options()).status().IsIOError());
  EXPECT_TRUE(MakeModelFileExtractor(kTestData / "make_golden.py", Options()).status().IsInvalid());
  EXPECT_THAT(MakeModelFileExtractor(kTestData, Options()).status().message(), HasSubstr("no TensorFlow SavedModel"));
  EXPECT_THAT(Open("not a model", Options()).status().message(), HasSubstr("small cannot be read as a model"));
  const std::string bytes = "x";
  EXPECT_TRUE(MakeModelBytesExtractor(std::as_bytes(std::span(bytes)), ".h5", "m", Options()).status().IsInvalid());
  ModelFileOptions int8 = Options();
  int8.network.precision = Precision::kInt8;
  EXPECT_TRUE(Open(SmallOnnx({1, 3, 4, 4}), int8).status().IsNotImplemented());
}

TEST(ModelFileExtractor, ReadsOpenVinoFiles) {
  const fs::path folder = fs::path(::testing::TempDir()) / "pomona_ir_test";
  fs::create_directories(folder);
  ov::Core core;
  ov::serialize(core.read_model(SmallOnnx({1, 3, 4, 4}), ov::Tensor()), folder / "model.xml");
  const auto extractor = MakeModelFileExtractor(folder / "model.xml", Options()).ValueOrDie();
  EXPECT_EQ(OneImage(*extractor), OneImage(**Open(SmallOnnx({1, 3, 4, 4}), Options())));
  EXPECT_EQ(extractor->weights_sha256().size(), 64U);
  fs::remove(folder / "model.bin");
  EXPECT_THAT(MakeModelFileExtractor(folder / "model.xml", Options()).status().message(), HasSubstr("model.bin"));
  fs::remove_all(folder);
}

TEST(ModelFileExtractor, ReadsSavedModels) {
  ModelFileOptions options = Options(4, 3);
  options.network.pooling = Pooling::kNone;
  const auto extractor = MakeModelFileExtractor(kTestData / "saved_model", options).ValueOrDie();
  EXPECT_EQ(extractor->dim(), 24);
  const std::vector<float> features = OneImage(*extractor);
  for (std::size_t pixel = 0; pixel < 12; ++pixel) {
    const auto value = [&](std::size_t c) { return static_cast<float>((7 * (3 * pixel + c) + 3) % 256); };
    EXPECT_EQ(features[2 * pixel], 2 * value(0));
    EXPECT_EQ(features[2 * pixel + 1], value(1) + value(2));
  }
}

ModelFileOptions MobileNetOptions(int size) {
  ModelFileOptions options = Options(size, size, "tfl.mean");
  options.preprocessing.mean = {127.5F, 127.5F, 127.5F};
  options.preprocessing.scale = {1 / 127.5F, 1 / 127.5F, 1 / 127.5F};
  return options;
}

TEST(MobileNet, EqualsTensorFlowLite) {
  const std::string golden_path = (kTestData / "golden.safetensors").string();
  const Safetensors golden =
      ReadSafetensors(arrow::io::ReadableFile::Open(golden_path).ValueOrDie(), golden_path).ValueOrDie();
  const Tensor pixels = golden.Find("pixels/224x224").ValueOrDie();
  const Tensor expected_tensor = golden.Find("mobilenetv2-0.35/224x224").ValueOrDie();
  const auto expected = expected_tensor.values<float>();
  const auto extractor = MakeModelFileExtractor(kMobileNet, MobileNetOptions(0)).ValueOrDie();
  ASSERT_EQ(extractor->dim(), 1280);
  ASSERT_EQ(extractor->image_width(), 224);
  const auto session = extractor->NewSession().ValueOrDie();
  const auto images = static_cast<int>(pixels.shape[0]);
  ASSERT_LE(images, extractor->batch_size());
  std::copy_n(pixels.data->data(), pixels.data->size(), session->input(0));
  std::vector<float> features(expected.size());
  ASSERT_TRUE(session->Run(images, {features.data(), images, 1280}).ok());
  for (std::size_t first = 0; first < features.size(); first += 1280) {
    const float largest = *std::max_element(&expected[first], &expected[first] + 1280);
    ASSERT_GT(largest, 0.5F);
    for (std::size_t c = first; c < first + 1280; ++c) ASSERT_NEAR(features[c], expected[c], 2e-5F * largest);
  }
}

TEST(MobileNet, BytesAndFileAgreeAtAnotherSize) {
  const std::string bytes = ReadFile(kMobileNet);
  const auto from_bytes =
      MakeModelBytesExtractor(std::as_bytes(std::span(bytes)), ".tflite", "mobilenet", MobileNetOptions(100))
          .ValueOrDie();
  const auto from_file = MakeModelFileExtractor(kMobileNet, MobileNetOptions(100)).ValueOrDie();
  EXPECT_EQ(from_bytes->weights_sha256(), from_file->weights_sha256());
  EXPECT_EQ(OneImage(*from_bytes), OneImage(*from_file));
}

TEST(MobileNet, FeaturesDoNotDependOnTheBatch) {
  ModelFileOptions options = MobileNetOptions(96);
  options.network.batch_size = 5;
  const auto extractor = MakeModelFileExtractor(kMobileNet, options).ValueOrDie();
  const std::vector<float> alone = OneImage(*extractor);
  const auto session = extractor->NewSession().ValueOrDie();
  for (int i = 0; i < 5; ++i) {
    for (int k = 0; k < 96 * 96 * 3; ++k) {
      session->input(i)[k] = static_cast<std::uint8_t>(i == 3 ? (7 * k + 3) % 256 : (k * k + 31 * i) % 251);
    }
  }
  std::vector<float> features(std::size_t{5} * 1280);
  ASSERT_TRUE(session->Run(5, {features.data(), 5, 1280}).ok());
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), features.begin() + std::ptrdiff_t{3} * 1280));
}

}  // namespace
}  // namespace pomona
