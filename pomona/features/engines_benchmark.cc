// The native engine beside OpenVINO f32: VGG16 on pixels of chance, each engine once a round, in turn. Nothing is
// decoded and the networks are built before. For the AVX2 pair OpenVINO has to be told by ONEDNN_MAX_CPU_ISA=AVX2.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/features/vgg_extractor.h"
#include "pomona/features/vgg_for_test.h"

namespace pomona {
namespace {

/// An extractor with a session a thread and full batches of pixels.
class Engine {
 public:
  Engine(std::unique_ptr<FeatureExtractor> extractor, int threads)
      : extractor_(std::move(extractor)),
        features_(static_cast<std::size_t>(threads),
                  std::vector<float>(static_cast<std::size_t>(extractor_->batch_size() * extractor_->dim()))) {
    std::minstd_rand generator(1);
    const int bytes = extractor_->image_width() * extractor_->image_height() * 3;
    for (int i = 0; i < threads; ++i) {
      sessions_.push_back(extractor_->NewSession().ValueOrDie());
      for (int image = 0; image < extractor_->batch_size(); ++image) {
        std::generate_n(sessions_.back()->input(image), bytes,
                        [&] { return static_cast<std::uint8_t>(generator() >> 8); });
      }
    }
  }

  /// Images a second over at least so many seconds; all threads do the same number of batches.
  double Speed(double seconds) {
    const double one = Run(1);
    const int batches = std::max(1, static_cast<int>(seconds / one));
    return batches * static_cast<double>(sessions_.size()) * extractor_->batch_size() / Run(batches);
  }

 private:
  double Run(int batches) {
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < sessions_.size(); ++i) {
        threads.emplace_back([this, i, batches] {
          const int count = extractor_->batch_size();
          for (int batch = 0; batch < batches; ++batch) {
            if (!sessions_[i]->Run(count, {features_[i].data(), count, extractor_->dim()}).ok()) std::abort();
          }
        });
      }
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  std::unique_ptr<FeatureExtractor> extractor_;
  std::vector<std::unique_ptr<FeatureExtractor::Session>> sessions_;
  std::vector<std::vector<float>> features_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// `native` and `openvino` are medians in images a second, `ratio` the median of each round's own ratio.
void BM_EnginesInTurn(benchmark::State& state, const std::string& instruction_set) {
  constexpr int kRounds = 9;
  constexpr double kSeconds = 1.2;
  NetworkOptions options;
  options.image_width = options.image_height = static_cast<int>(state.range(0));
  options.threads = static_cast<int>(state.range(1));
  const auto batch = static_cast<int>(state.range(2));  // 0: each engine's own
  if (batch > 0) options.batch_size = options.native.batch_size = batch;
  options.native.instruction_set = instruction_set;
  options.engine = EngineChoice::kNative;
  auto native = MakeVggExtractor(RandomVggWeights(), options);
  if (!native.ok()) {
    state.SkipWithError(native.status().message().c_str());
    return;
  }
  options.engine = EngineChoice::kOpenVino;
  Engine ours(*std::move(native), options.threads);
  Engine theirs(MakeVggExtractor(RandomVggWeights(), options).ValueOrDie(), options.threads);
  std::vector<double> our_speeds;
  std::vector<double> their_speeds;
  std::vector<double> ratios;
  for (const auto step : state) {
    (void)step;
    for (int round = 0; round < kRounds; ++round) {
      our_speeds.push_back(ours.Speed(kSeconds));
      their_speeds.push_back(theirs.Speed(kSeconds));
      ratios.push_back(our_speeds.back() / their_speeds.back());
    }
  }
  state.counters["native"] = Median(our_speeds);
  state.counters["openvino"] = Median(their_speeds);
  state.counters["ratio"] = Median(ratios);
}

void Cases(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"size", "threads", "batch"})
      ->Args({100, 2, 0})
      ->Args({224, 2, 0})
      ->Args({100, 1, 1})
      ->Args({224, 1, 1})
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kSecond);
}

BENCHMARK_CAPTURE(BM_EnginesInTurn, best, "")->Apply(Cases);
BENCHMARK_CAPTURE(BM_EnginesInTurn, avx2, "avx2")->Apply(Cases);

}  // namespace
}  // namespace pomona
