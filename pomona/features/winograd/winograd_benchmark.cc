// The native engine's layers: one convolution at each tile size, the parts of its time, and the planner's choice
// against the best of an exhaustive search. Values of chance run as fast as real ones.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "pomona/features/vgg_weights.h"
#include "pomona/features/winograd/convolution_layer.h"
#include "pomona/features/winograd/float_buffer.h"
#include "pomona/features/winograd/tile_plan.h"
#include "pomona/features/winograd/winograd_extractor.h"

namespace pomona::winograd {
namespace {

/// VGG16's convolutions but the first, for square images.
std::vector<ConvolutionShape> Shapes(int size) {
  std::vector<ConvolutionShape> shapes;
  for (const VggShape& layer : VggLayers(kVgg16)) {
    if (layer.inputs > 3) shapes.push_back({layer.inputs, layer.outputs, size, size, layer.pooled_after});
    if (layer.pooled_after) size /= 2;
  }
  return shapes;
}

void Fill(FloatBuffer* buffer) {
  for (std::size_t i = 0; i < buffer->size(); ++i) buffer->data()[i] = static_cast<float>(i % 17) / 16;
}

/// One convolution of some images with all it reads and writes.
class LayerRun {
 public:
  LayerRun(const ConvolutionShape& shape, const LayerPlan& plan)
      : layer_(shape, plan.tile_size, UsableSimdTargets().front()),
        blocking_(plan.blocking),
        places_(static_cast<std::size_t>(plan.images) * static_cast<std::size_t>(layer_.grid().tiles())),
        weights_(layer_.weight_floats()),
        bias_(static_cast<std::size_t>(shape.outputs)),
        scratch_(layer_.scratch_floats(plan.blocking)) {
    const TileGrid& grid = layer_.grid();
    const int divisor = grid.pools_itself ? 2 : 1;
    source_ = Maps(plan.images, shape.inputs, grid.padded_rows, grid.padded_columns, &source_floats_);
    target_ =
        Maps(plan.images, shape.outputs, grid.output_rows / divisor, grid.output_columns / divisor, &target_floats_);
    Fill(&source_floats_);
    Fill(&weights_);
    layer_.PlaceTiles(source_, 0, target_, 0, places_);
  }

  void Run() {
    layer_.Run(source_, target_, places_, blocking_, weights_.data(), bias_.data(), scratch_.data());
    benchmark::ClobberMemory();
  }

 private:
  static MapView Maps(int images, int channels, int rows, int columns, FloatBuffer* floats) {
    MapView view;
    view.row_stride = static_cast<std::ptrdiff_t>(columns) * kChannelBlock;
    view.block_stride = view.row_stride * rows;
    view.image_stride = view.block_stride * (channels / kChannelBlock);
    *floats = FloatBuffer(static_cast<std::size_t>(images * view.image_stride));
    view.data = floats->data();
    return view;
  }

  ConvolutionLayer layer_;
  Blocking blocking_;
  std::vector<TilePlace> places_;
  FloatBuffer weights_;
  FloatBuffer bias_;
  FloatBuffer scratch_;
  FloatBuffer source_floats_;
  FloatBuffer target_floats_;
  MapView source_;
  MapView target_;
};

/// How the network would run its layers. The first one runs by stripes there, and over the whole image here.
std::vector<LayerPlan> PlansAt(const std::vector<ConvolutionShape>& shapes, const std::vector<int>& tile_sizes) {
  return PlanLayers(shapes, tile_sizes, UsualBatchSize(shapes));
}

/// One convolution of VGG16 at one tile size; items are images.
void BM_Layer(benchmark::State& state) {
  const std::vector<ConvolutionShape> shapes = Shapes(static_cast<int>(state.range(0)));
  const auto layer = static_cast<std::size_t>(state.range(1));
  const std::vector<int> tile_sizes(shapes.size(), static_cast<int>(state.range(2)));
  const LayerPlan plan = PlansAt(shapes, tile_sizes)[layer];
  LayerRun run(shapes[layer], plan);
  for (const auto step : state) {
    (void)step;
    run.Run();
  }
  state.SetItemsProcessed(state.iterations() * plan.images);
}
BENCHMARK(BM_Layer)
    ->ArgNames({"size", "layer", "tile"})
    ->ArgsProduct({{100}, {3, 6, 9}, {2, 3, 4, 5, 6}})
    ->Unit(benchmark::kMillisecond);

/// Seconds an image of one run.
double Seconds(LayerRun* run, int images) {
  const auto start = std::chrono::steady_clock::now();
  run->Run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / images;
}

/// The least of some runs, after one that warms up.
double LeastSeconds(const ConvolutionShape& shape, const LayerPlan& plan) {
  LayerRun run(shape, plan);
  run.Run();
  return std::min({Seconds(&run, plan.images), Seconds(&run, plan.images), Seconds(&run, plan.images)});
}

/// The fastest of all tile sizes, each in the planner's blocking and in others.
LayerPlan Search(const std::vector<ConvolutionShape>& shapes, std::size_t layer) {
  const ConvolutionShape& shape = shapes[layer];
  LayerPlan best;
  double least = 1e9;
  const auto try_one = [&](const LayerPlan& plan) {
    const double seconds = LeastSeconds(shape, plan);
    if (seconds >= least) return;
    least = seconds;
    best = plan;
  };
  for (int tile = kSmallestTile; tile <= kLargestTile; ++tile) {
    LayerPlan plan = PlansAt(shapes, std::vector<int>(shapes.size(), tile))[layer];
    try_one(plan);
    const int tiles = plan.images * TileGrid(shape, tile).tiles();
    for (const int outputs : {32, 64, 128, 256}) {
      for (const int together : {14, 28, 56, 126}) {
        if (outputs > shape.outputs || together > tiles) continue;
        plan.blocking = {together, outputs};
        try_one(plan);
      }
    }
  }
  return best;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// The planner's tile sizes and blocking against the fastest of an exhaustive search of every layer, one thread. What
/// the search found and what was planned then run in turn, because the least of many timings is also the luckiest. An
/// iteration is the whole search; `planned_ms` and `best_ms` are milliseconds an image of all convolutions but the
/// first, `lost_percent` what the planner loses.
void BM_PlannerAgainstSearch(benchmark::State& state) {
  constexpr int kRounds = 9;
  const std::vector<ConvolutionShape> shapes = Shapes(static_cast<int>(state.range(0)));
  const std::vector<LayerPlan> plans = PlansAt(shapes, ChooseTileSizes(shapes, 0));
  double planned = 0;
  double best = 0;
  for (const auto step : state) {
    (void)step;
    planned = best = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const LayerPlan found = Search(shapes, i);
      LayerRun ours(shapes[i], plans[i]);
      LayerRun theirs(shapes[i], found);
      std::vector<double> our_seconds;
      std::vector<double> their_seconds;
      for (int round = 0; round < kRounds; ++round) {
        our_seconds.push_back(Seconds(&ours, plans[i].images));
        their_seconds.push_back(Seconds(&theirs, found.images));
      }
      planned += Median(our_seconds);
      best += std::min(Median(our_seconds), Median(their_seconds));
    }
  }
  state.counters["planned_ms"] = planned * 1e3;
  state.counters["best_ms"] = best * 1e3;
  state.counters["lost_percent"] = 100 * (planned / best - 1);
}
BENCHMARK(BM_PlannerAgainstSearch)
    ->ArgName("size")
    ->Arg(64)
    ->Arg(100)
    ->Arg(150)
    ->Arg(224)
    ->Arg(299)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace pomona::winograd
