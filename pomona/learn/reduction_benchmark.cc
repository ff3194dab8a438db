// Scaler and PCA over rows in memory, and the projection; bytes are those of the float32 rows.
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/base/resources.h"
#include "pomona/learn/memory_rows.h"
#include "pomona/learn/random_numbers.h"
#include "pomona/learn/reduction.h"

namespace pomona {
namespace {

// Correlated rows: every feature shares one of eight causes.
std::vector<float> Rows(std::int64_t rows, std::int64_t dim) {
  std::vector<float> values(static_cast<std::size_t>(rows * dim));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = RandomBits(1, i);
    const auto cause = RandomBits(2, (i / static_cast<std::size_t>(dim)) * 8 + i % 8);
    values[i] = static_cast<float>(bits >> 40U) * 0x1p-24F + static_cast<float>(cause >> 40U) * 0x1p-24F;
  }
  return values;
}

void Count(benchmark::State& state, std::int64_t rows, std::int64_t dim) {
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetBytesProcessed(state.iterations() * rows * dim * static_cast<std::int64_t>(sizeof(float)));
}

void FitBenchmark(benchmark::State& state) {
  const std::int64_t count = state.range(0);
  const std::int64_t dim = state.range(1);
  const auto values = Rows(count, dim);
  const MemoryRows source({values.data(), count, dim});
  const ReductionOptions options{.components = 30, .threads = static_cast<int>(state.range(2))};
  for (auto step : state) {
    auto fit = FitReduction(source, options);
    if (!fit.ok()) state.SkipWithError(fit.status().message().c_str());
    benchmark::DoNotOptimize(fit);
  }
  Count(state, count, dim);
}

void ProjectBenchmark(benchmark::State& state) {
  const std::int64_t count = state.range(0);
  const std::int64_t dim = state.range(1);
  const auto values = Rows(count, dim);
  const MatrixView<const float> rows{values.data(), count, dim};
  const auto fit = FitReduction(MemoryRows(rows), {.components = 30}).ValueOrDie();
  Matrix projected = Matrix::Zeros(count, 30);
  for (auto step : state) {
    const auto status = fit.Project(rows, projected.view());
    if (!status.ok()) state.SkipWithError(status.message().c_str());
  }
  Count(state, count, dim);
}

BENCHMARK(FitBenchmark)
    ->ArgNames({"rows", "features", "threads"})
    ->Args({67692, 512, 1})
    ->Args({67692, 512, UsableThreads()})
    ->Args({4096, 2048, UsableThreads()})
    ->Args({2048, 6272, UsableThreads()})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(ProjectBenchmark)->ArgNames({"rows", "features"})->Args({1024, 512})->Args({1, 512})->UseRealTime();

}  // namespace
}  // namespace pomona
