// How long VGG16's weights take to be transformed on two threads, and how much of that is the system's giving of the
// memory. With a pause between the rounds the host of a virtual machine has time to take freed memory back.
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/features/vgg_for_test.h"
#include "pomona/features/winograd/network.h"
#include "pomona/features/winograd/winograd_extractor.h"

namespace pomona::winograd {
namespace {

constexpr int kThreads = 2;

NetworkDescription Describe(const VggWeights& weights, int size) {
  NetworkDescription description;
  description.image_rows = description.image_columns = size;
  const std::vector<VggShape> shapes = VggLayers(weights.variant);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    description.layers.push_back({shapes[i].name, shapes[i].inputs, shapes[i].outputs,
                                  weights.layers[i].kernel.values<float>(), weights.layers[i].bias.values<float>(),
                                  shapes[i].pooled_after});
  }
  return description;
}

void Pause(benchmark::State& state) {
  state.PauseTiming();
  std::this_thread::sleep_for(std::chrono::seconds(state.range(0)));
  state.ResumeTiming();
}

void BM_TransformWeights(benchmark::State& state) {
  const VggWeights weights = RandomVggWeights();
  const NetworkDescription description = Describe(weights, 100);
  EngineOptions options;
  options.threads = kThreads;
  const EnginePlan plan = PlanEngine(description, options).ValueOrDie();
  for (const auto step : state) {
    (void)step;
    Pause(state);
    benchmark::DoNotOptimize(Network::Make(description, plan.network).ValueOrDie()->weights(0));
  }
  state.counters["megabytes"] = static_cast<double>(plan.shared_bytes) / 1e6;
}
BENCHMARK(BM_TransformWeights)->ArgName("pause")->Arg(0)->Arg(4)->Iterations(5)->UseRealTime();

/// As much memory, written to once a page by as many threads.
void BM_TouchMemory(benchmark::State& state) {
  constexpr std::size_t kFloats = 411'000'000 / sizeof(float);
  constexpr std::size_t kPage = 4096 / sizeof(float);
  for (const auto step : state) {
    (void)step;
    Pause(state);
    const FloatBuffer buffer(kFloats);
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&buffer, thread] {
        for (std::size_t i = kFloats / kThreads * thread; i < kFloats / kThreads * (thread + 1); i += kPage) {
          buffer.data()[i] = 1;
        }
      });
    }
    threads.clear();
  }
}
BENCHMARK(BM_TouchMemory)->ArgName("pause")->Arg(0)->Arg(4)->Iterations(5)->UseRealTime();

}  // namespace
}  // namespace pomona::winograd
