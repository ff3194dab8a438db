#include "pomona/models/open_extractor.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/source_folder_for_test.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/import.h"
#include "pomona/models/test_models.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

ExtractorRequest Request(std::string extractor, int image_size = 0) {
  ExtractorRequest request;
  request.extractor = std::move(extractor);
  request.network.image_width = image_size;
  request.network.image_height = image_size;
  request.model_cache = fs::path(testing::TempDir()) / "pomona_no_such_cache";
  return request;
}

/// The features of one image whose pixels rise evenly.
std::vector<float> FeaturesOf(const FeatureExtractor& extractor) {
  auto session = extractor.NewSession();
  EXPECT_TRUE(session.ok()) << session.status().ToString();
  const int size = extractor.image_width() * extractor.image_height() * 3;
  for (int i = 0; i < size; ++i) (*session)->input(0)[i] = static_cast<std::uint8_t>(i * 255 / size);
  std::vector<float> features(static_cast<std::size_t>(extractor.dim()));
  const Status status = (*session)->Run(1, {features.data(), 1, extractor.dim()});
  EXPECT_TRUE(status.ok()) << status.ToString();
  return features;
}

Status Refusal(const ExtractorRequest& request) {
  const Status status = OpenExtractor(request).status();
  EXPECT_TRUE(IsUsageError(status)) << request.extractor << ": " << status.ToString();
  return status;
}

TEST(OpenExtractor, Pixels) {
  const auto opened = OpenExtractor(Request("pixels"));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->extractor->dim(), 16 * 16 * 3);
  EXPECT_EQ(opened->description["name"], "pixels");
  EXPECT_EQ(opened->description["image_width"], 16);
  EXPECT_TRUE(opened->description["weights_sha256"].is_null());
  EXPECT_TRUE(opened->model_file.empty());
  EXPECT_EQ(OpenExtractor(Request("pixels", 20))->extractor->dim(), 20 * 20 * 3);

  ExtractorRequest request = Request("pixels");
  request.weights = "x.h5";
  EXPECT_THAT(Refusal(request).message(), HasSubstr("--weights"));
  request = Request("pixels");
  request.network.precision = Precision::kBfloat16;
  EXPECT_THAT(Refusal(request).message(), HasSubstr("--precision bf16"));
}

TEST(OpenExtractor, EmbeddedModelNeedsNoDownload) {
  const auto opened = OpenExtractor(Request("mobilenetv2-0.35", 96));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const std::vector<float> features = FeaturesOf(*opened->extractor);
  EXPECT_EQ(features.size(), 1280U);
  float largest = 0;
  for (const float value : features) {
    ASSERT_TRUE(std::isfinite(value));
    largest = std::max(largest, value);
  }
  EXPECT_GT(largest, 0);
  const Json& description = opened->description;
  EXPECT_EQ(description["weights_sha256"], ModelRegistry::BuiltIn().Find("mobilenetv2-0.35")->weights_sha256);
  EXPECT_EQ(description["licence"], "MIT");
  EXPECT_EQ(description["preprocessing"]["mean"], Json({127.5, 127.5, 127.5}));
  EXPECT_EQ(description["output_node"], "tfl.mean");
  EXPECT_EQ(OpenExtractor(Request("mobilenetv2-0.35"))->extractor->image_width(), 224);

  ExtractorRequest request = Request("mobilenetv2-0.35");
  request.output_node = "other";
  EXPECT_THAT(Refusal(request).message(), HasSubstr("--output-node"));
}

TEST(OpenExtractor, Vgg16WithWeightsOfOnesOwn) {
  const test::ScratchFolder scratch;
  const VggWeights weights = test::MadeUpWeights();
  test::WriteWeights(weights, scratch / "own.safetensors");
  ExtractorRequest request = Request("vgg16", 32);
  request.weights = (scratch / "own.safetensors").native();
  const auto opened = OpenExtractor(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->extractor->dim(), 512);
  EXPECT_EQ(opened->description["weights_sha256"], weights.Sha256());
  EXPECT_EQ(opened->description["source"], request.weights);
  EXPECT_TRUE(opened->description["licence"].is_null());  // whose they are is not known
  EXPECT_EQ(opened->description["pooling"], "max");
  EXPECT_EQ(opened->description["precision"], "f32");
  EXPECT_EQ(opened->description["preprocessing"].dump(),
            R"({"channel_order":"bgr","mean":[103.939,116.779,123.68],"scale":[1.0,1.0,1.0]})");

  request.network.image_width = 31;
  EXPECT_THAT(Refusal(request).message(), HasSubstr("32"));
  request.weights = (scratch / "none.h5").native();
  EXPECT_THAT(Refusal(request).message(), AllOf(HasSubstr("--weights"), HasSubstr("none.h5")));
  request.weights = scratch.path().native();
  EXPECT_THAT(Refusal(request).message(), HasSubstr("folder"));
}

TEST(OpenExtractor, Vgg19OfTheCache) {
  EXPECT_EQ(MissingModelOf(OpenExtractor(Request("vgg19")).status()), "vgg19");
  const test::ScratchFolder scratch;
  const RegistryModel& vgg19 = *ModelRegistry::BuiltIn().Find("vgg19");
  const ModelCache cache(scratch / "models");
  const VggWeights weights = test::MadeUpWeights(1, kVgg19);
  ASSERT_TRUE(cache.Store(vgg19, weights, "a file", false).ok());
  ExtractorRequest request = Request("vgg19", 32);
  request.model_cache = scratch / "models";
  Result<OpenedExtractor> opened = OpenExtractor(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->extractor->dim(), 512);
  EXPECT_EQ(opened->description["name"], "vgg19");
  EXPECT_EQ(opened->description["weights_sha256"], weights.Sha256());
  EXPECT_EQ(opened->description["source"], "a file (not verified)");
  EXPECT_TRUE(opened->description["licence"].is_null());
  ASSERT_TRUE(cache.Store(vgg19, weights, "the file", true).ok());
  opened = OpenExtractor(request);
  EXPECT_EQ(opened->description["source"], "the file");
  EXPECT_EQ(opened->description["licence"], "CC BY 4.0");
  request.network.engine = EngineChoice::kNative;
  EXPECT_EQ(OpenExtractor(request)->extractor->engine(), "native");
  // The file that the entry names may have been changed meanwhile: its hash tells.
  test::WriteWeights(test::MadeUpWeights(2, kVgg19), (*cache.Find(vgg19))->file);
  EXPECT_THAT(OpenExtractor(request).status().message(), HasSubstr("are damaged"));
}

TEST(OpenExtractor, Vgg16OfTheCache) {
  const Status missing = OpenExtractor(Request("vgg16")).status();
  EXPECT_TRUE(missing.IsIOError());
  EXPECT_THAT(missing.message(), AllOf(HasSubstr("pomona models fetch vgg16"), HasSubstr("pomona_no_such_cache")));
  EXPECT_EQ(MissingModelOf(missing), "vgg16");
  EXPECT_EQ(MissingModelOf(Status::IOError("other")), std::nullopt);
  EXPECT_EQ(MissingModelOf(Status::OK()), std::nullopt);

  const auto file = test::RealVgg16();
  if (!file) GTEST_SKIP() << test::kNoRealVgg16;
  const test::ScratchFolder scratch;
  const RegistryModel& vgg16 = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch.path());
  ASSERT_TRUE(ImportModel(vgg16, test::At(*file), "a file", cache, UnknownWeights::kRefuse).ok());
  ExtractorRequest request = Request("vgg16", 32);
  request.model_cache = scratch.path();
  const auto opened = OpenExtractor(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->description["weights_sha256"], vgg16.weights_sha256);
  EXPECT_EQ(opened->description["source"], "a file");
  EXPECT_EQ(opened->description["licence"], "CC BY 4.0");
  const std::vector<float> features = FeaturesOf(*opened->extractor);

  // The same weights given as a file, in another format, give the same numbers.
  request.weights = file->native();
  const auto same = OpenExtractor(request);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(FeaturesOf(*same->extractor), features);

  // One bit turned over in the cache is found when the weights are opened.
  request.weights.clear();
  const fs::path cached = (*cache.Find(vgg16))->file;
  std::fstream stream(cached, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(1'000'000);
  const char byte = static_cast<char>(stream.peek() ^ 1);
  stream.seekp(1'000'000);
  stream.put(byte);
  stream.close();
  EXPECT_THAT(OpenExtractor(request).status().message(), HasSubstr("damaged"));
}

TEST(OpenExtractor, ModelFiles) {
  const fs::path file = fs::path(kSourceFolder) / "pomona/models/embedded/mobilenetv2-0.35.tflite";
  ExtractorRequest request = Request(file.native(), 96);
  request.output_node = "tfl.mean";
  request.input_mean = {127.5F, 127.5F, 127.5F};
  request.input_scale = {1 / 127.5F, 1 / 127.5F, 1 / 127.5F};
  const auto opened = OpenExtractor(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->model_file, file);
  EXPECT_EQ(opened->description["name"], "mobilenetv2-0.35.tflite");
  EXPECT_EQ(opened->description["source"], file.native());
  EXPECT_EQ(FeaturesOf(*opened->extractor), FeaturesOf(*OpenExtractor(Request("mobilenetv2-0.35", 96))->extractor));

  request.output_node = "tfl.maen";
  EXPECT_THAT(Refusal(request).message(), HasSubstr("tfl.mean"));
}

TEST(OpenExtractor, UnknownNamesAndEngines) {
  EXPECT_THAT(Refusal(Request("vgg18")).message(), AllOf(HasSubstr("did you mean vgg1"), HasSubstr("models list")));
  EXPECT_THAT(Refusal(Request("pixel")).message(), HasSubstr("did you mean pixels?"));
  EXPECT_THAT(Refusal(Request("folder/network.onnx")).message(), HasSubstr("no such model file"));
  EXPECT_THAT(Refusal(Request("network.onnx")).message(), HasSubstr("no such model file"));
  EXPECT_THAT(Refusal(Request("")).message(), HasSubstr("no name"));
  const test::ScratchFolder scratch;
  std::ofstream(scratch / "w.h5") << "x";
  EXPECT_THAT(Refusal(Request((scratch / "w.h5").native())).message(), HasSubstr("--extractor vgg16 --weights"));
  ExtractorRequest native = Request("pixels");
  native.network.engine = EngineChoice::kNative;
  EXPECT_THAT(Refusal(native).message(), AllOf(HasSubstr("--engine native"), HasSubstr("openvino")));
}

}  // namespace
}  // namespace pomona
