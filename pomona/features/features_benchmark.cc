// Images a second through the extractors, decoding and resizing left out. Weights of chance run as fast as real ones.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/base/source_folder_for_test.h"
#include "pomona/features/model_file_extractor.h"
#include "pomona/features/pixels_extractor.h"
#include "pomona/features/vgg_extractor.h"
#include "pomona/features/vgg_for_test.h"

namespace pomona {
namespace {

/// One batch a session and round, each session on a thread of its own.
void Measure(benchmark::State& state, const Result<std::unique_ptr<FeatureExtractor>>& made, int threads,
             int batches_a_round) {
  if (!made.ok()) {
    state.SkipWithError(made.status().ToString().c_str());
    return;
  }
  const FeatureExtractor& extractor = **made;
  const int batch = extractor.batch_size();
  std::vector<std::unique_ptr<FeatureExtractor::Session>> sessions;
  for (int t = 0; t < threads; ++t) {
    sessions.push_back(extractor.NewSession().ValueOrDie());
    const int bytes = extractor.image_width() * extractor.image_height() * 3;
    for (int i = 0; i < batch; ++i) {
      for (int k = 0; k < bytes; ++k) sessions.back()->input(i)[k] = static_cast<std::uint8_t>(k * (i + 7) / 8);
    }
  }
  const auto work = [&](FeatureExtractor::Session* session) {
    std::vector<float> features(static_cast<std::size_t>(batch * extractor.dim()));
    for (int round = 0; round < batches_a_round; ++round) {
      if (!session->Run(batch, {features.data(), batch, extractor.dim()}).ok()) std::abort();
    }
  };
  for (const auto step : state) {
    (void)step;
    std::vector<std::thread> workers;
    workers.reserve(sessions.size());
    for (const auto& session : sessions) workers.emplace_back(work, session.get());
    for (std::thread& worker : workers) worker.join();
  }
  state.SetItemsProcessed(state.iterations() * threads * batches_a_round * batch);
}

NetworkOptions Options(const benchmark::State& state) {
  NetworkOptions options;
  options.image_width = options.image_height = static_cast<int>(state.range(0));
  options.threads = static_cast<int>(state.range(1));
  options.batch_size = static_cast<int>(state.range(2));
  return options;
}

void BM_Vgg16(benchmark::State& state, Precision precision) {
  NetworkOptions options = Options(state);
  options.precision = precision;
  if (precision == Precision::kInt8) options.int8_ranges.assign(VggLayers(kVgg16).size() - 1, 1000.0F);
  Measure(state, MakeVggExtractor(RandomVggWeights(), options), options.threads, 1);
}
BENCHMARK_CAPTURE(BM_Vgg16, f32, Precision::kFloat32)
    ->ArgNames({"size", "threads", "batch"})
    ->ArgsProduct({{100, 224}, {1, 2}, {4, 8, 16}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Vgg16, bf16, Precision::kBfloat16)
    ->ArgNames({"size", "threads", "batch"})
    ->ArgsProduct({{100, 224}, {2}, {8}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Vgg16, int8, Precision::kInt8)
    ->ArgNames({"size", "threads", "batch"})
    ->ArgsProduct({{100, 224}, {2}, {8}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_MobileNet(benchmark::State& state) {
  ModelFileOptions options;
  options.network = Options(state);
  options.output_node = "tfl.mean";
  options.preprocessing.mean = {127.5F, 127.5F, 127.5F};
  options.preprocessing.scale = {1 / 127.5F, 1 / 127.5F, 1 / 127.5F};
  const std::string file = std::string(kSourceFolder) + "/pomona/models/embedded/mobilenetv2-0.35.tflite";
  Measure(state, MakeModelFileExtractor(file, options), options.network.threads, 4);
}
BENCHMARK(BM_MobileNet)
    ->ArgNames({"size", "threads", "batch"})
    ->ArgsProduct({{100, 224}, {1, 2}, {8}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_Pixels(benchmark::State& state) {
  const auto size = static_cast<int>(state.range(0));
  Measure(state, MakePixelsExtractor(size, size), 1, 100);
}
BENCHMARK(BM_Pixels)->ArgName("size")->Arg(16)->Arg(100)->UseRealTime();

}  // namespace
}  // namespace pomona
