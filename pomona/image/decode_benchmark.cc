#include <benchmark/benchmark.h>

#include "pomona/image/decode.h"
#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

/// Images a second, each photograph of the samples in turn.
void BM_DecodeJpeg(benchmark::State& state) {
  const std::vector<std::string> photos = SamplePhotos();
  Image image;
  std::size_t next = 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const std::string& photo = photos[next++ % photos.size()];
    const Status status = DecodeImage(AsBytes(photo), {}, &image);
    if (!status.ok()) state.SkipWithError(status.message().c_str());
    benchmark::DoNotOptimize(image.pixels.data());
    bytes += static_cast<std::int64_t>(photo.size());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_DecodeJpeg);

}  // namespace
}  // namespace pomona
