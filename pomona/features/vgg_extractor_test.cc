#include "pomona/features/vgg_extractor.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/simd_target.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/features/int8_ranges.h"
#include "pomona/features/safetensors.h"
#include "pomona/features/vgg_for_test.h"
#include "pomona/features/winograd/layout.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

NetworkOptions Options(int width, int height, Pooling pooling = Pooling::kMax, int batch_size = 3,
                       EngineChoice engine = EngineChoice::kAuto) {
  NetworkOptions options;
  options.engine = engine;
  options.image_width = width;
  options.image_height = height;
  options.pooling = pooling;
  options.batch_size = options.native.batch_size = batch_size;
  return options;
}

std::vector<std::uint8_t> RandomPixels(std::size_t size, unsigned seed) {
  std::minstd_rand generator(seed);
  std::vector<std::uint8_t> pixels(size);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(generator() >> 8);
  return pixels;
}

/// Features of images that lie one after the other, in batches as the extractor takes them.
std::vector<float> Extract(const FeatureExtractor& extractor, std::span<const std::uint8_t> pixels) {
  const std::size_t image = static_cast<std::size_t>(extractor.image_width()) * extractor.image_height() * 3;
  const auto count = static_cast<std::int64_t>(pixels.size() / image);
  const auto session = extractor.NewSession().ValueOrDie();
  std::vector<float> features(static_cast<std::size_t>(count * extractor.dim()));
  for (std::int64_t first = 0; first < count; first += extractor.batch_size()) {
    const int batch = static_cast<int>(std::min<std::int64_t>(extractor.batch_size(), count - first));
    for (int i = 0; i < batch; ++i) {
      std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>((first + i) * image), image, session->input(i));
    }
    const MatrixView<float> rows{features.data() + first * extractor.dim(), batch, extractor.dim()};
    EXPECT_TRUE(session->Run(batch, rows).ok());
  }
  return features;
}

/// The last feature map, (height, width, channel), by the definition of the network, in double precision.
std::vector<double> ReferenceMap(const VggWeights& weights, std::span<const std::uint8_t> pixels, int width,
                                 int height) {
  std::vector<double> x(pixels.size());
  const double mean[] = {103.939, 116.779, 123.68};
  for (std::size_t i = 0; i < pixels.size(); ++i) x[i] = pixels[i - i % 3 + (2 - i % 3)] - mean[i % 3];
  const std::vector<VggShape> layers = VggLayers(weights.variant);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const int inputs = layers[layer].inputs;
    const int outputs = layers[layer].outputs;
    const auto kernel = weights.layers[layer].kernel.values<float>();
    const auto bias = weights.layers[layer].bias.values<float>();
    std::vector<double> y(static_cast<std::size_t>(width) * height * outputs);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        double* out = &y[static_cast<std::size_t>(row * width + column) * outputs];
        std::copy(bias.begin(), bias.end(), out);
        for (int k = 0; k < 9; ++k) {
          const int r = row + k / 3 - 1;
          const int c = column + k % 3 - 1;
          if (r < 0 || r >= height || c < 0 || c >= width) continue;
          for (int i = 0; i < inputs; ++i) {
            const double value = x[static_cast<std::size_t>(r * width + c) * inputs + i];
            const float* row_of_kernel = &kernel[static_cast<std::size_t>(k * inputs + i) * outputs];
            for (int o = 0; o < outputs; ++o) out[o] += value * row_of_kernel[o];
          }
        }
        for (int o = 0; o < outputs; ++o) out[o] = std::max(out[o], 0.0);
      }
    }
    x = std::move(y);
    if (!layers[layer].pooled_after) continue;
    std::vector<double> pooled(static_cast<std::size_t>(width / 2) * (height / 2) * outputs);
    for (std::size_t place = 0; place < pooled.size(); ++place) {
      const std::size_t o = place % outputs;
      const std::size_t column = place / outputs % (width / 2);
      const std::size_t row = place / outputs / (width / 2);
      const auto at = [&](std::size_t r, std::size_t c) {
        return x[((2 * row + r) * width + 2 * column + c) * outputs + o];
      };
      pooled[place] = std::max({at(0, 0), at(0, 1), at(1, 0), at(1, 1)});
    }
    x = std::move(pooled);
    width /= 2;
    height /= 2;
  }
  return x;
}

const VggWeights& Random() {
  static const auto* const weights = new VggWeights(RandomVggWeights());
  return *weights;
}

class VggEngineTest : public testing::TestWithParam<EngineChoice> {};

INSTANTIATE_TEST_SUITE_P(Engines, VggEngineTest, testing::Values(EngineChoice::kOpenVino, EngineChoice::kNative),
                         [](const auto& info) { return info.param == EngineChoice::kNative ? "native" : "openvino"; });

TEST_P(VggEngineTest, ComputesVgg19) {
  const VggWeights weights = RandomVggWeights(kVgg19);
  const std::vector<std::uint8_t> pixels = RandomPixels(40 * 36 * 3, 5);
  const std::vector<double> map = ReferenceMap(weights, pixels, 40, 36);
  ASSERT_EQ(map.size(), 512U);
  const double largest = *std::max_element(map.begin(), map.end());
  ASSERT_GT(largest, 0.1);
  const auto extractor = MakeVggExtractor(weights, Options(40, 36, Pooling::kMax, 1, GetParam())).ValueOrDie();
  EXPECT_EQ(extractor->weights_sha256(), weights.Sha256());
  const std::vector<float> features = Extract(*extractor, pixels);
  for (std::size_t i = 0; i < map.size(); ++i) ASSERT_NEAR(features[i], map[i], 2e-5 * largest) << i;
}

TEST_P(VggEngineTest, ComputesTheNetwork) {
  constexpr int kWidth = 71;  // odd on the way: 71, 35, 17, 8, 4, 2
  constexpr int kHeight = 33;
  const std::vector<std::uint8_t> pixels = RandomPixels(kWidth * kHeight * 3, 5);
  const std::vector<double> map = ReferenceMap(Random(), pixels, kWidth, kHeight);
  ASSERT_EQ(map.size(), 2U * 512U);
  const double largest = *std::max_element(map.begin(), map.end());
  ASSERT_GT(largest, 0.1);

  const auto whole = MakeVggExtractor(Random(), Options(kWidth, kHeight, Pooling::kNone, 3, GetParam())).ValueOrDie();
  ASSERT_EQ(whole->dim(), 2 * 512);
  const std::vector<float> flat = Extract(*whole, pixels);
  for (std::size_t i = 0; i < map.size(); ++i) ASSERT_NEAR(flat[i], map[i], 2e-5 * largest) << i;

  const std::vector<float> maxima =
      Extract(*MakeVggExtractor(Random(), Options(kWidth, kHeight, Pooling::kMax, 3, GetParam())).ValueOrDie(), pixels);
  const std::vector<float> means = Extract(
      *MakeVggExtractor(Random(), Options(kWidth, kHeight, Pooling::kAverage, 3, GetParam())).ValueOrDie(), pixels);
  for (std::size_t c = 0; c < 512; ++c) {
    ASSERT_NEAR(maxima[c], std::max(map[c], map[512 + c]), 2e-5 * largest);
    ASSERT_NEAR(means[c], (map[c] + map[512 + c]) / 2, 2e-5 * largest);
  }
}

TEST_P(VggEngineTest, FeaturesDoNotDependOnTheBatch) {
  const auto extractor = MakeVggExtractor(Random(), Options(45, 32, Pooling::kMax, 4, GetParam())).ValueOrDie();
  const std::size_t image = 45 * 32 * 3;
  const std::vector<std::uint8_t> pixels = RandomPixels(7 * image, 9);
  const std::vector<float> together = Extract(*extractor, pixels);  // four, then three of four
  for (std::size_t i = 0; i < 7; ++i) {
    const std::vector<float> alone = Extract(*extractor, std::span(pixels).subspan(i * image, image));
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(i * 512)))
        << "image " << i;
  }
}

TEST_P(VggEngineTest, SessionsRunSideBySide) {
  NetworkOptions options = Options(32, 32, Pooling::kAverage, 2, GetParam());
  options.threads = 3;
  const auto extractor = MakeVggExtractor(Random(), options).ValueOrDie();
  const std::vector<std::uint8_t> pixels = RandomPixels(std::size_t{5} * 32 * 32 * 3, 3);
  std::vector<std::vector<float>> results(3);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = Extract(*extractor, pixels); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  options.threads = 1;
  EXPECT_EQ(results[0], Extract(*MakeVggExtractor(Random(), options).ValueOrDie(), pixels));
}

/// The largest difference of two rows of features, as a share of the largest feature of the second.
double Furthest(std::span<const float> got, std::span<const float> expected) {
  const float largest = *std::max_element(expected.begin(), expected.end());
  double furthest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    furthest = std::max(furthest, static_cast<double>(std::abs(got[i] - expected[i])) / largest);
  }
  return furthest;
}

TEST(VggExtractor, EnginesAgreeAtOddSizes) {
  for (const auto& [width, height] : {std::pair(32, 32), std::pair(33, 65), std::pair(1000, 300)}) {
    const std::vector<std::uint8_t> pixels =
        RandomPixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 4);
    const auto run = [&, width = width, height = height](EngineChoice engine) {
      const auto extractor = MakeVggExtractor(Random(), Options(width, height, Pooling::kMax, 1, engine)).ValueOrDie();
      return Extract(*extractor, pixels);
    };
    EXPECT_LE(Furthest(run(EngineChoice::kNative), run(EngineChoice::kOpenVino)), 2e-5) << width << "x" << height;
  }
}

TEST(VggExtractor, EnginesAgreeForEveryTileAndInstructionSet) {
  const std::vector<std::uint8_t> pixels = RandomPixels(std::size_t{40} * 50 * 3, 4);
  const std::vector<float> expected = Extract(
      *MakeVggExtractor(Random(), Options(40, 50, Pooling::kMax, 1, EngineChoice::kOpenVino)).ValueOrDie(), pixels);
  for (const SimdTarget target : UsableSimdTargets()) {
    for (int tile = winograd::kSmallestTile; tile <= winograd::kLargestTile; ++tile) {
      NetworkOptions options = Options(40, 50, Pooling::kMax, 1, EngineChoice::kNative);
      options.native.instruction_set = SimdTargetName(target);
      options.native.tile_sizes.assign(Random().layers.size() - 1, tile);
      const std::vector<float> features = Extract(*MakeVggExtractor(Random(), options).ValueOrDie(), pixels);
      EXPECT_LE(Furthest(features, expected), 2e-5) << SimdTargetName(target) << ", tile " << tile;
    }
  }
}

TEST(VggExtractor, TakesOneEngineByItself) {
  EXPECT_EQ(MakeVggExtractor(Random(), Options(32, 32)).ValueOrDie()->engine() == "native",
            UsableSimdTargets().front() != SimdTarget::kGeneric);
  NetworkOptions options = Options(32, 32, Pooling::kMax, 1, EngineChoice::kNative);
  options.native.instruction_set = "mmx";
  EXPECT_THAT(MakeVggExtractor(Random(), options).status().message(), HasSubstr("\"mmx\""));
  options.native.instruction_set.clear();
  options.measure_int8_ranges = true;
  EXPECT_TRUE(MakeVggExtractor(Random(), options).status().IsInvalid());
}

TEST(VggExtractor, DescribesItself) {
  const auto extractor = MakeVggExtractor(Random(), Options(0, 0, Pooling::kNone, 1)).ValueOrDie();
  EXPECT_EQ(extractor->image_width(), 224);
  EXPECT_EQ(extractor->image_height(), 224);
  EXPECT_EQ(extractor->dim(), 25088);
  EXPECT_EQ(extractor->weights_sha256(), Random().Sha256());
}

TEST(VggExtractor, WrongOptionsAreErrors) {
  const auto small = MakeVggExtractor(Random(), Options(100, 31));
  EXPECT_TRUE(small.status().IsInvalid());
  EXPECT_THAT(small.status().message(), HasSubstr("100x31"));
  EXPECT_TRUE(MakeVggExtractor(Random(), Options(32, 32, Pooling::kMax, 0)).status().IsInvalid());
}

TEST_P(VggEngineTest, EqualsKeras) {
  const auto file = FindVgg16File();
  if (!file) GTEST_SKIP() << kNoVgg16;
  const std::string golden_path = std::string(kSourceFolder) + "/pomona/features/testdata/golden.safetensors";
  const auto golden_file = arrow::io::ReadableFile::Open(golden_path).ValueOrDie();
  const Safetensors golden = ReadSafetensors(golden_file, golden_path).ValueOrDie();
  const VggWeights weights = ReadVgg16File(*file).ValueOrDie();
  for (const auto& [width, height] : {std::pair(100, 100), std::pair(224, 224), std::pair(150, 97)}) {
    const std::string size = std::to_string(width) + "x" + std::to_string(height);
    const Tensor pixels = golden.Find("pixels/" + size).ValueOrDie();
    for (const Pooling pooling : {Pooling::kMax, Pooling::kAverage}) {
      const std::string name = "vgg16/" + size + "/" + std::string(PoolingName(pooling));
      SCOPED_TRACE(name);
      const Tensor expected_tensor = golden.Find(name).ValueOrDie();
      const auto expected = expected_tensor.values<float>();
      const auto extractor = MakeVggExtractor(weights, Options(width, height, pooling, 2, GetParam())).ValueOrDie();
      const std::vector<float> features = Extract(*extractor, pixels.values<std::uint8_t>());
      ASSERT_EQ(features.size(), expected.size());
      float furthest = 0;
      for (std::size_t first = 0; first < features.size(); first += 512) {
        const float largest = *std::max_element(&expected[first], &expected[first] + 512);
        for (std::size_t c = first; c < first + 512; ++c) {
          furthest = std::max(furthest, std::abs(features[c] - expected[c]) / largest);
        }
      }
      EXPECT_LE(furthest, 2e-5F);
    }
  }
}

/// The cosine of the angle between two rows of features.
double Cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double first = 0;
  double second = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    first += static_cast<double>(a[i]) * a[i];
    second += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(first * second);
}

TEST(VggExtractor, BrainFloatStaysNear) {
  NetworkOptions options = Options(64, 64);
  const std::vector<std::uint8_t> pixels = RandomPixels(std::size_t{64} * 64 * 3, 8);
  const std::vector<float> exact = Extract(*MakeVggExtractor(Random(), options).ValueOrDie(), pixels);
  options.precision = Precision::kBfloat16;
  const auto extractor = MakeVggExtractor(Random(), options);
  if (!extractor.ok()) {
    EXPECT_TRUE(extractor.status().IsNotImplemented());
    GTEST_SKIP() << extractor.status().message();
  }
  const std::vector<float> rounded = Extract(**extractor, pixels);
  EXPECT_NE(exact, rounded);
  EXPECT_GT(Cosine(exact, rounded), 0.999);
}

TEST(VggExtractor, MeasuresInt8Ranges) {
  NetworkOptions options = Options(32, 32);
  options.measure_int8_ranges = true;
  const auto extractor = MakeVggExtractor(Random(), options).ValueOrDie();
  ASSERT_EQ(extractor->dim(), 12);
  for (const float largest : Extract(*extractor, RandomPixels(std::size_t{32} * 32 * 3, 8))) EXPECT_GT(largest, 0);
}

TEST(VggExtractor, Int8NeedsFittingRanges) {
  NetworkOptions options = Options(32, 32);
  options.precision = Precision::kInt8;
  const auto none = MakeVggExtractor(Random(), options);
  EXPECT_FALSE(none.ok());
  if (none.status().IsNotImplemented()) GTEST_SKIP() << none.status().message();
  EXPECT_THAT(none.status().message(), HasSubstr("got 0 ranges, VGG16 has 12"));
  options.int8_ranges.assign(12, 1.0F);
  options.int8_ranges[4] = -1;
  EXPECT_THAT(MakeVggExtractor(Random(), options).status().message(), HasSubstr("range of -1.0"));
  options.measure_int8_ranges = true;
  EXPECT_TRUE(MakeVggExtractor(Random(), options).status().IsInvalid());
}

TEST(VggExtractor, Int8StaysNearOnPhotographs) {
  const auto file = FindVgg16File();
  if (!file) GTEST_SKIP() << kNoVgg16;
  const std::string golden_path = std::string(kSourceFolder) + "/pomona/features/testdata/golden.safetensors";
  const Safetensors golden =
      ReadSafetensors(arrow::io::ReadableFile::Open(golden_path).ValueOrDie(), golden_path).ValueOrDie();
  const Tensor pixels = golden.Find("pixels/100x100").ValueOrDie();
  const VggWeights weights = ReadVgg16File(*file).ValueOrDie();
  NetworkOptions options = Options(100, 100);
  const std::vector<float> exact =
      Extract(*MakeVggExtractor(weights, options).ValueOrDie(), pixels.values<std::uint8_t>());
  options.measure_int8_ranges = true;
  const std::vector<float> maxima =
      Extract(*MakeVggExtractor(weights, options).ValueOrDie(), pixels.values<std::uint8_t>());
  options.measure_int8_ranges = false;
  options.precision = Precision::kInt8;
  options.int8_ranges = ChooseInt8Ranges({maxima.data(), pixels.shape[0], 12}).ValueOrDie();
  const auto extractor = MakeVggExtractor(weights, options);
  if (!extractor.ok()) {
    EXPECT_TRUE(extractor.status().IsNotImplemented());
    GTEST_SKIP() << extractor.status().message();
  }
  const std::vector<float> rounded = Extract(**extractor, pixels.values<std::uint8_t>());
  for (std::size_t first = 0; first < exact.size(); first += 512) {
    const double cosine = Cosine(std::span(exact).subspan(first, 512), std::span(rounded).subspan(first, 512));
    EXPECT_GT(cosine, 0.999);
    EXPECT_LT(cosine, 1.0);
  }
}

}  // namespace
}  // namespace pomona
