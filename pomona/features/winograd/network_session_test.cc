#include "pomona/features/winograd/network_session.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/network_for_test.h"

namespace pomona::winograd {
namespace {

/// Features of images in batches of `batch`.
std::vector<float> Extract(const Network& network, const SmallNetwork& small, const std::vector<std::uint8_t>& pixels,
                           int batch) {
  const auto session = NetworkSession::Make(network).ValueOrDie();
  const int images = static_cast<int>(pixels.size() / small.image_bytes());
  std::vector<float> features(static_cast<std::size_t>(images * network.dim()));
  for (int first = 0; first < images; first += batch) {
    session->Run(pixels.data() + static_cast<std::size_t>(first) * small.image_bytes(), std::min(batch, images - first),
                 features.data() + first * network.dim());
  }
  return features;
}

class NetworkSessionTest : public testing::TestWithParam<SimdTarget> {};

TEST_P(NetworkSessionTest, ComputesTheNetwork) {
  for (const auto& [rows, columns] : {std::pair(16, 16), std::pair(33, 21), std::pair(8, 40)}) {
    const SmallNetwork small(rows, columns, Pooling::kNone);
    const std::vector<std::uint8_t> pixels = small.Pixels(2);
    Image64 expected = small.LastMap(pixels.data());
    const Image64 second = small.LastMap(pixels.data() + small.image_bytes());
    expected.insert(expected.end(), second.begin(), second.end());
    const double largest = *std::max_element(expected.begin(), expected.end());
    for (const std::vector<int>& tiles : {std::vector<int>{}, {2, 3, 4}, {5, 6, 5}, {3, 2, 3}}) {
      const auto network = Network::Make(small.Describe(), small.Plan(GetParam(), 2, tiles)).ValueOrDie();
      const std::vector<float> features = Extract(*network, small, pixels, 2);
      ASSERT_EQ(features.size(), expected.size());
      for (std::size_t i = 0; i < features.size(); ++i) ASSERT_NEAR(features[i], expected[i], 1e-5 * largest) << i;
    }
  }
}

TEST_P(NetworkSessionTest, PoolsAtTheEnd) {
  const SmallNetwork maximum(20, 28, Pooling::kMax);
  const SmallNetwork average(20, 28, Pooling::kAverage);
  const std::vector<std::uint8_t> pixels = maximum.Pixels(1);
  const Image64 map = maximum.LastMap(pixels.data());
  const auto of = [&](const SmallNetwork& small) {
    return Extract(*Network::Make(small.Describe(), small.Plan(GetParam(), 1)).ValueOrDie(), small, pixels, 1);
  };
  const std::vector<float> maxima = of(maximum);
  const std::vector<float> means = of(average);
  const double scale = *std::max_element(map.begin(), map.end());
  for (std::size_t c = 0; c < 32; ++c) {
    double largest = 0;
    double sum = 0;
    for (std::size_t place = 0; place < 5 * 7; ++place) {
      largest = std::max(largest, map[place * 32 + c]);
      sum += map[place * 32 + c];
    }
    EXPECT_NEAR(maxima[c], largest, 1e-5 * scale);
    EXPECT_NEAR(means[c], sum / 35, 1e-5 * scale);
  }
}

TEST_P(NetworkSessionTest, SameBitsForEveryBatchAndPlace) {
  const SmallNetwork small(19, 14, Pooling::kNone);
  const std::vector<std::uint8_t> pixels = small.Pixels(70);
  const std::vector<int> tiles = {6, 5, 4};
  const auto alone = Network::Make(small.Describe(), small.Plan(GetParam(), 1, tiles)).ValueOrDie();
  const std::vector<float> expected = Extract(*alone, small, pixels, 1);
  for (const int batch : {2, 3, 8, 31, 70}) {
    const auto network = Network::Make(small.Describe(), small.Plan(GetParam(), batch, tiles)).ValueOrDie();
    EXPECT_EQ(Extract(*network, small, pixels, batch), expected) << "batch " << batch;
    EXPECT_EQ(Extract(*network, small, pixels, batch / 2 + 1), expected) << "batch " << batch << ", not full";
  }
}

TEST_P(NetworkSessionTest, ZeroWeightsGiveTheRectifiedBias) {
  SmallNetwork small(17, 20, Pooling::kMax);
  for (std::vector<float>& kernel : small.kernels) std::fill(kernel.begin(), kernel.end(), 0.0F);
  for (const std::vector<int>& tiles : {std::vector<int>{6, 5, 4}, {3, 2, 6}}) {
    const auto network = Network::Make(small.Describe(), small.Plan(GetParam(), 2, tiles)).ValueOrDie();
    const std::vector<float> features = Extract(*network, small, small.Pixels(2), 2);
    for (std::size_t i = 0; i < features.size(); ++i) {
      EXPECT_EQ(features[i], std::max(small.biases.back()[i % 32], 0.0F));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, NetworkSessionTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

TEST(NetworkSession, SameBitsForEveryCountOfABatch) {
  const SmallNetwork small(16, 18, Pooling::kMax);
  const std::vector<std::uint8_t> pixels = small.Pixels(70);
  const auto network = Network::Make(small.Describe(), small.Plan(UsableSimdTargets().front(), 70)).ValueOrDie();
  const auto session = NetworkSession::Make(*network).ValueOrDie();
  const std::vector<float> expected = Extract(*network, small, pixels, 70);
  for (int count = 1; count <= 70; ++count) {
    std::vector<float> features(static_cast<std::size_t>(count) * 32);
    session->Run(pixels.data(), count, features.data());
    EXPECT_TRUE(std::equal(features.begin(), features.end(), expected.begin())) << count << " images";
  }
}

TEST(NetworkSession, SameBitsForEveryCacheSize) {
  const SmallNetwork small(40, 50, Pooling::kNone);
  const std::vector<std::uint8_t> pixels = small.Pixels(3);
  const std::vector<ConvolutionShape> shapes = ConvolutionShapes(small.Describe()).ValueOrDie();
  NetworkPlan plan = small.Plan(UsableSimdTargets().front(), 3, {6, 5, 4});
  const std::vector<float> expected = Extract(*Network::Make(small.Describe(), plan).ValueOrDie(), small, pixels, 3);
  for (const std::int64_t cache_bytes : {1 << 15, 1 << 18, 1 << 23}) {
    plan.layers = PlanLayers(shapes, std::vector<int>{6, 5, 4}, 3, cache_bytes);
    EXPECT_EQ(Extract(*Network::Make(small.Describe(), plan).ValueOrDie(), small, pixels, 3), expected) << cache_bytes;
  }
}

TEST(NetworkSession, SameBitsForEveryNumberOfThreads) {
  const SmallNetwork small(24, 24, Pooling::kMax);
  const std::vector<std::uint8_t> pixels = small.Pixels(20);
  NetworkPlan plan = small.Plan(UsableSimdTargets().front(), 6);
  const std::vector<float> expected = Extract(*Network::Make(small.Describe(), plan).ValueOrDie(), small, pixels, 6);
  for (int count = 1; count <= 8; ++count) {
    plan.threads = count;  // which transform the weights
    const auto network = Network::Make(small.Describe(), plan).ValueOrDie();
    std::vector<std::vector<float>> results(static_cast<std::size_t>(count));
    {
      std::vector<std::jthread> threads;
      for (auto& result : results) threads.emplace_back([&] { result = Extract(*network, small, pixels, 6); });
    }
    for (const auto& result : results) EXPECT_EQ(result, expected) << count << " threads";
  }
}

TEST(NetworkSession, TakesPixelsOfAnyAlignment) {
  const SmallNetwork small(16, 16, Pooling::kMax);
  const std::vector<std::uint8_t> pixels = small.Pixels(1);
  const auto network = Network::Make(small.Describe(), small.Plan(UsableSimdTargets().front(), 1)).ValueOrDie();
  const std::vector<float> expected = Extract(*network, small, pixels, 1);
  std::vector<std::uint8_t> moved(pixels.size() + 1);
  std::copy(pixels.begin(), pixels.end(), moved.begin() + 1);
  std::vector<float> features(33);
  NetworkSession::Make(*network).ValueOrDie()->Run(moved.data() + 1, 1, features.data() + 1);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), features.begin() + 1));
}

TEST(NetworkSession, StatesItsMemoryBeforehand) {
  const SmallNetwork small(64, 64, Pooling::kMax);
  const std::vector<ConvolutionShape> shapes = ConvolutionShapes(small.Describe()).ValueOrDie();
  const std::int64_t one = NetworkSession::Bytes(shapes, small.Plan(UsableSimdTargets().front(), 1), 64);
  const std::int64_t many = NetworkSession::Bytes(shapes, small.Plan(UsableSimdTargets().front(), 32), 64);
  EXPECT_GT(one, 32 * 18 * 64 * 4);  // less than a stripe and the scratch cannot be
  EXPECT_GT(many, one);
}

}  // namespace
}  // namespace pomona::winograd
