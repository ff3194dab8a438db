// How far VGG16 on the native engine lies from a direct convolution in float64: each convolution by itself, fed with
// the exact activations, and the features of the whole network. What tests/test_winograd_error.py and
// benchmarks/winograd_error.py run.
//
//   pomona_winograd_error WEIGHTS PIXELS.u8 --size N [--targets avx2,...] [--tiles 2,...|plan] [--threads T]
//
// PIXELS.u8 holds images of N x N x 3 bytes. Prints a line of JSON for each instruction set, tile size and layer: the
// largest difference of any image as a share of the largest value of that image, and for "features" the lowest cosine.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <arrow/io/file.h>

#include "pomona/base/json.h"
#include "pomona/base/parallel.h"
#include "pomona/features/vgg_weights.h"
#include "pomona/features/winograd/network_session.h"
#include "pomona/features/winograd/winograd_extractor.h"
#include "pomona/learn/matrix_product.h"

namespace {

using namespace pomona;            // NOLINT(google-build-using-namespace): a program of one file
using namespace pomona::winograd;  // NOLINT(google-build-using-namespace)

constexpr int kChunk = 20;  // images whose exact activations are held at a time

/// A map of float64, (rows, columns, channels).
struct Map {
  int rows = 0;
  int columns = 0;
  int channels = 0;
  std::vector<double> values;
};

/// The convolution by its definition: nine matrix products over the image with a border of zeros.
Map Convolve(const Map& in, const std::vector<double>& kernel, std::span<const float> bias) {
  const auto outputs = static_cast<int>(bias.size());
  const int width = in.columns + 2;
  std::vector<double> padded(static_cast<std::size_t>((in.rows + 3) * width * in.channels));
  for (int y = 0; y < in.rows; ++y) {
    std::copy_n(&in.values[static_cast<std::size_t>(y * in.columns * in.channels)], in.columns * in.channels,
                &padded[static_cast<std::size_t>(((y + 1) * width + 1) * in.channels)]);
  }
  std::vector<double> sums(static_cast<std::size_t>(in.rows * width * outputs));
  for (int tap = 0; tap < 9; ++tap) {
    const int offset = (tap / 3 * width + tap % 3) * in.channels;
    Multiply(Transpose::kNo, StridedView<const double>(&padded[offset], in.rows * width, in.channels, in.channels),
             Transpose::kNo,
             StridedView<const double>(&kernel[static_cast<std::size_t>(tap * in.channels * outputs)], in.channels,
                                       outputs, outputs),
             1, 1, StridedView<double>(sums.data(), in.rows * width, outputs, outputs));
  }
  Map out{in.rows, in.columns, outputs, {}};
  for (int y = 0; y < in.rows; ++y) {
    for (int i = 0; i < in.columns * outputs; ++i) {
      out.values.push_back(std::max(0.0, sums[static_cast<std::size_t>(y * width * outputs + i)] + bias[i % outputs]));
    }
  }
  return out;
}

Map MaxPool(const Map& in) {
  Map out{in.rows / 2, in.columns / 2, in.channels, {}};
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.columns; ++x) {
      for (int c = 0; c < in.channels; ++c) {
        const auto at = [&](int r, int s) {
          return in.values[static_cast<std::size_t>(((2 * y + r) * in.columns + 2 * x + s) * in.channels + c)];
        };
        out.values.push_back(std::max({at(0, 0), at(0, 1), at(1, 0), at(1, 1)}));
      }
    }
  }
  return out;
}

/// What the network does to one image: the input of every convolution but the first, the last map at the end.
using Activations = std::vector<Map>;

class Exact {
 public:
  explicit Exact(const VggWeights& weights) : weights_(weights), shapes_(VggLayers(weights.variant)) {
    for (const VggLayer& layer : weights.layers) {
      const auto values = layer.kernel.values<float>();
      kernels_.emplace_back(values.begin(), values.end());
    }
  }

  Activations Run(const std::uint8_t* pixels, int size) const {
    Map map{size, size, 3, {}};
    for (int i = 0; i < size * size * 3; ++i) {
      map.values.push_back(pixels[i - i % 3 + 2 - i % 3] - static_cast<double>(kVggMeanBgr[i % 3]));
    }
    Activations activations;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (i > 0) activations.push_back(map);
      map = Convolve(map, kernels_[i], weights_.layers[i].bias.values<float>());
      if (shapes_[i].pooled_after) map = MaxPool(map);
    }
    activations.push_back(std::move(map));
    return activations;
  }

 private:
  const VggWeights& weights_;
  std::vector<VggShape> shapes_;
  std::vector<std::vector<double>> kernels_;
};

/// What was seen of one layer or of the features, over all images.
struct Difference {
  double furthest = 0;
  double cosine = 1;
  int images = 0;

  void Add(const std::vector<double>& exact, const std::vector<float>& got) {
    double largest = 0;
    double distance = 0;
    double dot = 0;
    double norms[2] = {};
    for (std::size_t i = 0; i < exact.size(); ++i) {
      largest = std::max(largest, exact[i]);
      distance = std::max(distance, std::abs(exact[i] - got[i]));
      dot += exact[i] * got[i];
      norms[0] += exact[i] * exact[i];
      norms[1] += static_cast<double>(got[i]) * got[i];
    }
    if (!(distance <= furthest * largest)) furthest = distance / largest;  // a NaN is kept
    cosine = std::min(cosine, dot / std::sqrt(norms[0] * norms[1]));
    ++images;
  }
};

MapView ViewOf(const FloatBuffer& buffer, int rows, int columns) {
  MapView view;
  view.data = buffer.data();
  view.row_stride = static_cast<std::ptrdiff_t>(columns) * kChannelBlock;
  view.block_stride = view.row_stride * rows;
  return view;
}

float* At(const MapView& view, int y, int x, int c) {
  return view.data + c / kChannelBlock * view.block_stride + y * view.row_stride +
         static_cast<std::ptrdiff_t>(x) * kChannelBlock + c % kChannelBlock;
}

/// One convolution, with the pooling after it, of exact activations.
std::vector<float> RunLayer(const Network& network, std::size_t number, const Map& input) {
  const ConvolutionLayer& layer = network.layers()[number];
  const TileGrid& grid = layer.grid();
  const Blocking& blocking = network.plan().layers[number].blocking;
  FloatBuffer source_floats(static_cast<std::size_t>(input.channels * grid.padded_rows * grid.padded_columns));
  const MapView source = ViewOf(source_floats, grid.padded_rows, grid.padded_columns);
  std::size_t next = 0;
  for (int y = 0; y < input.rows; ++y) {
    for (int x = 0; x < input.columns; ++x) {
      for (int c = 0; c < input.channels; ++c) {
        *At(source, y + 1, x + 1, c) = static_cast<float>(input.values[next++]);
      }
    }
  }
  const int divisor = grid.pools_itself ? 2 : 1;
  Map output{grid.output_rows / divisor, grid.output_columns / divisor, layer.shape().outputs, {}};
  FloatBuffer target_floats(static_cast<std::size_t>(output.rows * output.columns * output.channels));
  const MapView target = ViewOf(target_floats, output.rows, output.columns);
  FloatBuffer scratch(layer.scratch_floats(blocking));
  std::vector<TilePlace> places(static_cast<std::size_t>(grid.tiles()));
  layer.PlaceTiles(source, 0, target, 0, places);
  layer.Run(source, target, places, blocking, network.weights(number), network.bias(number), scratch.data());
  for (int y = 0; y < output.rows; ++y) {
    for (int x = 0; x < output.columns; ++x) {
      for (int c = 0; c < output.channels; ++c) output.values.push_back(*At(target, y, x, c));
    }
  }
  if (layer.shape().pooled && !grid.pools_itself) output = MaxPool(output);
  return {output.values.begin(), output.values.end()};
}

NetworkDescription Describe(const VggWeights& weights, int size) {
  NetworkDescription description;
  description.image_rows = description.image_columns = size;
  description.preprocessing.channel_order = ChannelOrder::kBgr;
  description.preprocessing.mean = kVggMeanBgr;
  const std::vector<VggShape> shapes = VggLayers(weights.variant);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    description.layers.push_back({shapes[i].name, shapes[i].inputs, shapes[i].outputs,
                                  weights.layers[i].kernel.values<float>(), weights.layers[i].bias.values<float>(),
                                  shapes[i].pooled_after});
  }
  return description;
}

struct Arguments {
  std::string weights;
  std::string pixels;
  int size = 100;
  int threads = 2;
  std::vector<std::string> targets;
  std::vector<std::string> tiles = {"plan", "2", "3", "4", "5", "6"};
};

using Differences = std::map<std::string, Difference>;  // by layer

/// All layers and the features of some images, on one instruction set with one tile size.
Status Compare(const NetworkDescription& description, const EnginePlan& plan, const std::vector<Activations>& exact,
               const std::uint8_t* pixels, int threads, Differences* differences) {
  ARROW_ASSIGN_OR_RAISE(const auto network, Network::Make(description, plan.network));
  ARROW_ASSIGN_OR_RAISE(const auto session, NetworkSession::Make(*network));
  const auto images = static_cast<int>(exact.size());
  for (std::size_t i = 0; i < network->layers().size(); ++i) {
    std::vector<std::vector<float>> outputs(exact.size());
    ARROW_RETURN_NOT_OK(ParallelFor(images, threads, [&](std::int64_t image) {
      const auto place = static_cast<std::size_t>(image);
      outputs[place] = RunLayer(*network, i, exact[place][i]);
      return Status::OK();
    }));
    Difference& difference = (*differences)[description.layers[i + 1].name];
    for (std::size_t image = 0; image < exact.size(); ++image) {
      difference.Add(exact[image][i + 1].values, outputs[image]);
    }
  }
  std::vector<float> features(static_cast<std::size_t>(network->dim()));
  const std::ptrdiff_t image_bytes = std::ptrdiff_t{3} * description.image_rows * description.image_columns;
  for (std::size_t image = 0; image < exact.size(); ++image) {
    session->Run(pixels + static_cast<std::ptrdiff_t>(image) * image_bytes, 1, features.data());
    const Map& last = exact[image].back();
    std::vector<double> maxima(features.size());
    for (std::size_t i = 0; i < last.values.size(); ++i) {
      double& largest = maxima[i % maxima.size()];
      largest = std::max(largest, last.values[i]);
    }
    (*differences)["features"].Add(maxima, features);
  }
  return Status::OK();
}

Status Run(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(arguments.weights));
  ARROW_ASSIGN_OR_RAISE(const VggWeights weights, VggWeights::Read(file, kVgg16, arguments.weights));
  const NetworkDescription description = Describe(weights, arguments.size);
  std::ifstream stream(arguments.pixels, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto* const pixels = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t image_bytes = std::size_t{3} * arguments.size * arguments.size;
  const std::size_t images = bytes.size() / image_bytes;
  if (images == 0) return Status::Invalid(arguments.pixels, ": holds no image");
  const Exact exact(weights);
  std::map<std::pair<std::string, std::string>, Differences> seen;
  for (std::size_t first = 0; first < images; first += kChunk) {
    std::vector<Activations> activations(std::min<std::size_t>(kChunk, images - first));
    ARROW_RETURN_NOT_OK(
        ParallelFor(static_cast<std::int64_t>(activations.size()), arguments.threads, [&](std::int64_t i) {
          const auto image = static_cast<std::size_t>(i);
          activations[image] = exact.Run(pixels + (first + image) * image_bytes, arguments.size);
          return Status::OK();
        }));
    for (const std::string& target : arguments.targets) {
      for (const std::string& tile : arguments.tiles) {
        EngineOptions options;
        options.threads = arguments.threads;
        options.batch_size = 1;
        options.target = SimdTargetFromName(target);
        if (tile != "plan") options.tile_sizes.assign(description.layers.size() - 1, std::stoi(tile));
        ARROW_ASSIGN_OR_RAISE(const EnginePlan plan, PlanEngine(description, options));
        ARROW_RETURN_NOT_OK(Compare(description, plan, activations, pixels + first * image_bytes, arguments.threads,
                                    &seen[{target, tile}]));
      }
    }
  }
  for (const auto& [key, differences] : seen) {
    for (const auto& [layer, difference] : differences) {
      std::cout << Json{{"target", key.first},         {"tile", key.second},           {"layer", layer},
                        {"images", difference.images}, {"error", difference.furthest}, {"cosine", difference.cosine}}
                << "\n";
    }
  }
  return Status::OK();
}

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (const SimdTarget target : UsableSimdTargets()) arguments.targets.emplace_back(SimdTargetName(target));
  if (argc < 3) return 2;
  arguments.weights = argv[1];
  arguments.pixels = argv[2];
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--size") arguments.size = std::stoi(argv[i + 1]);
    if (option == "--threads") arguments.threads = std::stoi(argv[i + 1]);
    if (option == "--targets") arguments.targets = Words(argv[i + 1]);
    if (option == "--tiles") arguments.tiles = Words(argv[i + 1]);
  }
  const Status status = Run(arguments);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
