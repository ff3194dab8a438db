// The matrix kernel of every instruction set beside the processor's peak of multiply-adds, and beside the same kernel
// written in AVX-512 intrinsics, which shows what Highway costs. One thread; run them interleaved:
//   --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
#include <algorithm>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "pomona/features/winograd/float_buffer.h"
#include "pomona/features/winograd/layout.h"
#include "pomona/features/winograd/matrix_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pomona::winograd {
namespace {

constexpr int kOutputs = 128;

void Fill(FloatBuffer* buffer) {
  for (std::size_t i = 0; i < buffer->size(); ++i) buffer->data()[i] = static_cast<float>(i % 17) / 16;
}

/// A product of the size that one frequency of one pass has.
class Product {
 public:
  Product(int tiles, int channels, int panel_width)
      : tiles_(static_cast<std::size_t>(tiles * channels)),
        weights_(static_cast<std::size_t>(channels * kOutputs)),
        products_(static_cast<std::size_t>(tiles * kOutputs)) {
    Fill(&tiles_);
    Fill(&weights_);
    job_.tile_count = tiles;
    job_.channels = channels;
    job_.panels = kOutputs / panel_width;
    job_.tiles_block_stride = job_.products_block_stride = static_cast<std::ptrdiff_t>(tiles) * kChannelBlock;
    job_.tiles = tiles_.data();
    job_.weights = weights_.data();
    job_.products = products_.data();
  }
  const MatrixJob& job() const { return job_; }
  double operations() const { return 2.0 * job_.tile_count * job_.channels * kOutputs; }

 private:
  FloatBuffer tiles_;
  FloatBuffer weights_;
  FloatBuffer products_;
  MatrixJob job_;
};

void CountOperations(benchmark::State& state, double operations) {
  state.counters["FLOP/s"] = benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate);
}

void BM_MatrixKernel(benchmark::State& state, SimdTarget target) {
  const MatrixKernel& kernel = MatrixKernelFor(target);
  const Product product(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), kernel.panel_width);
  for (const auto step : state) {
    (void)step;
    kernel.multiply(product.job());
    benchmark::ClobberMemory();
  }
  CountOperations(state, product.operations());
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"tiles", "channels"})->Args({28, 64})->Args({28, 256})->Args({28, 512})->Args({126, 512});
}

#if defined(__x86_64__)
/// The kernel of matrix_kernel.cc by hand: 14 tiles by a panel of 32 outputs, the next panel prefetched.
__attribute__((target("avx512f"))) void MultiplyByHand(const MatrixJob& job) {
  constexpr int kRows = 14;
  constexpr int kPanel = 32;
  for (int panel = 0; panel < job.panels; ++panel) {
    const float* const panel_weights = job.weights + static_cast<std::ptrdiff_t>(panel) * job.channels * kPanel;
    const float* ahead = panel_weights + static_cast<std::ptrdiff_t>(job.channels) * kPanel;
    const int blocks = job.tile_count / kRows;
    for (int block = 0; block < blocks; ++block) {
      const float* tiles = job.tiles + static_cast<std::ptrdiff_t>(block) * kRows * kChannelBlock;
      const float* weights = panel_weights;
      __m512 sums[kRows][2];
#pragma GCC unroll 14
      for (auto& row : sums) row[0] = row[1] = _mm512_setzero_ps();
      for (int channel = 0; channel < job.channels; channel += kChannelBlock) {
#pragma GCC unroll 1
        for (int c = 0; c < kChannelBlock; c += 4) {
          if (panel + 1 < job.panels) {
            const int lines = 8 / blocks;
            for (int line = 0; line < lines; ++line) _mm_prefetch(ahead + std::ptrdiff_t{16} * line, _MM_HINT_T1);
            ahead += std::ptrdiff_t{16} * lines;
          }
#pragma GCC unroll 4
          for (int step = 0; step < 4; ++step) {
            const __m512 left = _mm512_load_ps(weights);
            const __m512 right = _mm512_load_ps(weights + 16);
            weights += kPanel;
#pragma GCC unroll 14
            for (int row = 0; row < kRows; ++row) {
              const __m512 value = _mm512_set1_ps(tiles[row * kChannelBlock + step]);
              sums[row][0] = _mm512_fmadd_ps(value, left, sums[row][0]);
              sums[row][1] = _mm512_fmadd_ps(value, right, sums[row][1]);
            }
          }
          tiles += 4;
        }
        tiles += job.tiles_block_stride - kChannelBlock;
      }
      float* const target = job.products + panel * 2 * job.products_block_stride +
                            static_cast<std::ptrdiff_t>(block) * kRows * kChannelBlock;
#pragma GCC unroll 14
      for (int row = 0; row < kRows; ++row) {
        _mm512_store_ps(target + row * kChannelBlock, sums[row][0]);
        _mm512_store_ps(target + job.products_block_stride + row * kChannelBlock, sums[row][1]);
      }
    }
  }
}

void BM_MatrixKernelByHand(benchmark::State& state) {
  const Product product(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), 32);
  for (const auto step : state) {
    (void)step;
    MultiplyByHand(product.job());
    benchmark::ClobberMemory();
  }
  CountOperations(state, product.operations());
}

/// 24 chains of multiply-adds that never touch memory.
__attribute__((target("avx512f"))) void MultiplyAddChains(int steps) {
  constexpr int kChains = 24;
  __m512 sums[kChains];
#pragma GCC unroll 24
  for (auto& sum : sums) sum = _mm512_set1_ps(1);
  const __m512 factor = _mm512_set1_ps(0.5F);
  for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 24
    for (auto& sum : sums) {
      sum = _mm512_fmadd_ps(sum, factor, factor);
      asm volatile("" : "+v"(sum));  // else the compiler would see through it
    }
  }
}

void BM_MultiplyAddPeak(benchmark::State& state) {
  constexpr int kSteps = 10000;
  for (const auto step : state) {
    (void)step;
    MultiplyAddChains(kSteps);
  }
  CountOperations(state, 2.0 * 16 * 24 * kSteps);
}
#endif

[[maybe_unused]] const bool kRegistered = [] {
  for (const SimdTarget target : UsableSimdTargets()) {
    const std::string name = "BM_MatrixKernel/" + std::string(SimdTargetName(target));
    Sizes(benchmark::RegisterBenchmark(name.c_str(), BM_MatrixKernel, target));
  }
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) {
    Sizes(benchmark::RegisterBenchmark("BM_MatrixKernelByHand/avx512", BM_MatrixKernelByHand));
    benchmark::RegisterBenchmark("BM_MultiplyAddPeak/avx512", BM_MultiplyAddPeak);
  }
#endif
  return true;
}();

}  // namespace
}  // namespace pomona::winograd
