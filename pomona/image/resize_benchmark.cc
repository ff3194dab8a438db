#include <stdexcept>

#include <benchmark/benchmark.h>

#include "pomona/image/decode.h"
#include "pomona/image/resize.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

void MustSucceed(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

/// A sample photograph, stretched to some size.
Image Photo(int width, int height) {
  Image photo;
  const std::string file = SamplePhotos().front();
  MustSucceed(DecodeImage(AsBytes(file), {}, &photo));
  Image image{width, height, {}};
  image.pixels.resize(image.view().size_bytes());
  MustSucceed(Resizer(width, height, ResizeFilter::kBicubic).Resize(photo.view(), image.pixels.data()));
  return image;
}

void BM_Resize(benchmark::State& state) {
  const Image image = Photo(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const int width = static_cast<int>(state.range(2));
  const int height = static_cast<int>(state.range(3));
  Resizer resizer(width, height, static_cast<ResizeFilter>(state.range(4)));
  std::vector<std::uint8_t> output(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (auto _ : state) {
    MustSucceed(resizer.Resize(image.view(), output.data()));
    benchmark::DoNotOptimize(output.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(std::string(ResizeFilterName(static_cast<ResizeFilter>(state.range(4)))));
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"from_w", "from_h", "to_w", "to_h", "filter"});
  for (const auto& size : std::vector<std::vector<std::int64_t>>{
           {100, 100, 224, 224}, {348, 348, 224, 224}, {1920, 1080, 224, 224}, {100, 100, 16, 16}}) {
    for (std::int64_t filter = 0; filter < 4; ++filter) {
      benchmark->Args({size[0], size[1], size[2], size[3], filter});
    }
  }
}
BENCHMARK(BM_Resize)->Apply(Sizes);

}  // namespace
}  // namespace pomona
