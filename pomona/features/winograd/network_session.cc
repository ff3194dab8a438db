#include "pomona/features/winograd/network_session.h"

#include <algorithm>

namespace pomona::winograd {
namespace {

MapView Maps(float* data, int channels, int rows, int columns) {
  MapView view;
  view.data = data;
  view.row_stride = static_cast<std::ptrdiff_t>(columns) * kChannelBlock;
  view.block_stride = view.row_stride * rows;
  view.image_stride = view.block_stride * (channels / kChannelBlock);
  return view;
}

MapView FromImage(MapView view, int image) {
  view.data += image * view.image_stride;
  return view;
}

/// Without the border: where the layer before writes.
MapView Interior(MapView view) {
  view.data += view.row_stride + kChannelBlock;
  return view;
}

std::size_t Floats(int images, int channels, int rows, int columns) {
  return static_cast<std::size_t>(images) * static_cast<std::size_t>(channels) * static_cast<std::size_t>(rows) *
         static_cast<std::size_t>(columns);
}

int StripeRows(const ConvolutionLayer& layer, const LayerPlan& plan) {
  return plan.tile_rows * layer.grid().tile_size + 2;
}

std::size_t InputFloats(const ConvolutionLayer& layer, const LayerPlan& plan) {
  return Floats(plan.images, layer.shape().inputs, layer.grid().padded_rows, layer.grid().padded_columns);
}

bool PooledApart(const ConvolutionLayer& layer) { return layer.shape().pooled && !layer.grid().pools_itself; }

std::size_t UnpooledFloats(const ConvolutionLayer& layer, const LayerPlan& plan) {
  if (!PooledApart(layer)) return 0;
  return Floats(plan.images, layer.shape().outputs, layer.grid().output_rows, layer.grid().output_columns);
}

std::size_t LastFloats(const ConvolutionLayer& last, int batch) {
  return Floats(batch, last.shape().outputs, last.grid().output_rows / 2, last.grid().output_columns / 2);
}

/// What all layers share, by the largest need.
struct SharedFloats {
  SharedFloats(const std::vector<ConvolutionLayer>& layers, const NetworkPlan& plan) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      unpooled = std::max(unpooled, UnpooledFloats(layers[i], plan.layers[i]));
      scratch = std::max(scratch, layers[i].scratch_floats(plan.layers[i].blocking));
    }
  }
  std::size_t unpooled = 0;
  std::size_t scratch = 0;
};

}  // namespace

NetworkSession::NetworkSession(const Network& network)
    : network_(network),
      stripe_(network.first(), StripeRows(network.layers()[0], network.plan().layers[0]),
              network.layers()[0].grid().padded_columns) {
  const std::vector<ConvolutionLayer>& layers = network.layers();
  const NetworkPlan& plan = network.plan();
  maps_.emplace_back();
  for (std::size_t i = 1; i < layers.size(); ++i) maps_.emplace_back(InputFloats(layers[i], plan.layers[i]));
  const SharedFloats shared(layers, plan);
  last_map_ = FloatBuffer(LastFloats(layers.back(), plan.batch));
  unpooled_ = FloatBuffer(shared.unpooled);
  scratch_ = FloatBuffer(shared.scratch);
}

Result<std::unique_ptr<NetworkSession>> NetworkSession::Make(const Network& network) {
  std::unique_ptr<NetworkSession> session(new NetworkSession(network));
  const SharedFloats shared(network.layers(), network.plan());
  const bool maps = std::all_of(session->maps_.begin() + 1, session->maps_.end(),
                                [](const FloatBuffer& map) { return map.data() != nullptr; });
  if (!maps || !session->stripe_.allocated() || session->last_map_.data() == nullptr ||
      session->scratch_.data() == nullptr || session->unpooled_.size() != shared.unpooled) {
    return Status::OutOfMemory("the system has no memory for the maps of a batch of ", network.plan().batch,
                               " images; use fewer --threads or a lower --memory");
  }
  return session;
}

std::int64_t NetworkSession::Bytes(const std::vector<ConvolutionShape>& shapes, const NetworkPlan& plan,
                                   int image_columns) {
  std::vector<ConvolutionLayer> layers;
  std::size_t floats = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    layers.emplace_back(shapes[i], plan.layers[i].tile_size, plan.target);
    if (i > 0) floats += InputFloats(layers[i], plan.layers[i]);
  }
  FirstLayer first;
  first.columns = image_columns;
  first.outputs = shapes[0].inputs;
  floats += PixelStripe::Floats(first, StripeRows(layers[0], plan.layers[0]), layers[0].grid().padded_columns);
  const SharedFloats shared(layers, plan);
  floats += shared.unpooled + shared.scratch + LastFloats(layers.back(), plan.batch);
  return static_cast<std::int64_t>(floats * sizeof(float));
}

MapView NetworkSession::InputMap(std::size_t layer) const {
  const ConvolutionLayer& convolution = network_.layers()[layer];
  return Maps(maps_[layer].data(), convolution.shape().inputs, convolution.grid().padded_rows,
              convolution.grid().padded_columns);
}

MapView NetworkSession::LastMap() const {
  const ConvolutionLayer& last = network_.layers().back();
  return Maps(last_map_.data(), last.shape().outputs, last.grid().output_rows / 2, last.grid().output_columns / 2);
}

void NetworkSession::Run(const std::uint8_t* pixels, int count, float* features) {
  pixels_ = pixels;
  const std::size_t last = network_.layers().size() - 1;
  const int together = network_.plan().layers[last].images;
  for (int image = 0; image < count; image += together) {
    Produce(last, image, std::min(together, count - image), FromImage(LastMap(), image));
  }
  PoolGlobally(count, features);
}

/// Runs the network up to a layer for some images of the batch and writes the layer's output.
void NetworkSession::Produce(std::size_t layer, int first_image, int count, const MapView& target) {
  if (layer == 0) {
    for (int i = 0; i < count; ++i) ProduceFirst(first_image + i, FromImage(target, i));
    return;
  }
  const int together = network_.plan().layers[layer - 1].images;
  const MapView input = Interior(InputMap(layer));
  for (int i = 0; i < count; i += together) {
    Produce(layer - 1, first_image + i, std::min(together, count - i), FromImage(input, i));
  }
  Convolve(layer, count, target);
}

/// The two first convolutions of one image, stripe by stripe.
void NetworkSession::ProduceFirst(int image, const MapView& target) {
  const ConvolutionLayer& layer = network_.layers()[0];
  const TileGrid& grid = layer.grid();
  const LayerPlan& plan = network_.plan().layers[0];
  const MapView written = WrittenMap(0, target);
  const MapView source = stripe_.map();
  stripe_.Begin(pixels_ + static_cast<std::ptrdiff_t>(image) * network_.image_rows() * network_.image_columns() * 3);
  for (int first = 0; first < grid.tile_rows; first += plan.tile_rows) {
    const int tile_rows = std::min(plan.tile_rows, grid.tile_rows - first);
    stripe_.Fill(first * grid.tile_size, tile_rows * grid.tile_size + 2);
    places_.resize(static_cast<std::size_t>(tile_rows) * static_cast<std::size_t>(grid.tile_columns));
    layer.PlaceTiles(source, first * grid.tile_size, written, static_cast<std::int64_t>(first) * grid.tile_columns,
                     places_);
    layer.Run(source, written, places_, plan.blocking, network_.weights(0), network_.bias(0), scratch_.data());
  }
  PoolWritten(0, 1, written, target);
}

void NetworkSession::Convolve(std::size_t layer, int count, const MapView& target) {
  const ConvolutionLayer& convolution = network_.layers()[layer];
  const MapView written = WrittenMap(layer, target);
  places_.resize(static_cast<std::size_t>(count) * static_cast<std::size_t>(convolution.grid().tiles()));
  convolution.PlaceTiles(InputMap(layer), 0, written, 0, places_);
  convolution.Run(InputMap(layer), written, places_, network_.plan().layers[layer].blocking, network_.weights(layer),
                  network_.bias(layer), scratch_.data());
  PoolWritten(layer, count, written, target);
}

/// Where the convolution itself writes: the target, or a map that is pooled into it afterwards.
MapView NetworkSession::WrittenMap(std::size_t layer, const MapView& target) const {
  const ConvolutionLayer& convolution = network_.layers()[layer];
  if (!PooledApart(convolution)) return target;
  return Maps(unpooled_.data(), convolution.shape().outputs, convolution.grid().output_rows,
              convolution.grid().output_columns);
}

void NetworkSession::PoolWritten(std::size_t layer, int count, const MapView& written, const MapView& target) const {
  const ConvolutionLayer& convolution = network_.layers()[layer];
  if (!PooledApart(convolution)) return;
  MaxPoolJob job;
  job.channel_blocks = convolution.shape().outputs / kChannelBlock;
  job.rows = convolution.grid().output_rows;
  job.columns = convolution.grid().output_columns;
  job.map_block_stride = target.block_stride;
  job.map_row_stride = target.row_stride;
  for (int image = 0; image < count; ++image) {
    job.source = FromImage(written, image).data;
    job.map = FromImage(target, image).data;
    network_.pooling_kernels().max_pool(job);
  }
}

void NetworkSession::PoolGlobally(int count, float* features) const {
  const TileGrid& grid = network_.layers().back().grid();
  const int places = grid.output_rows / 2 * (grid.output_columns / 2);
  const int blocks = network_.layers().back().shape().outputs / kChannelBlock;
  for (int image = 0; image < count; ++image) {
    const float* const map = FromImage(LastMap(), image).data;
    float* const row = features + image * network_.dim();
    switch (network_.pooling()) {
      case Pooling::kMax:
        network_.pooling_kernels().global_max(map, blocks, places, row);
        break;
      case Pooling::kAverage:
        network_.pooling_kernels().global_average(map, blocks, places, row);
        break;
      case Pooling::kNone:
        for (int place = 0; place < places; ++place) {
          for (int block = 0; block < blocks; ++block) {
            std::copy_n(map + (static_cast<std::ptrdiff_t>(block) * places + place) * kChannelBlock, kChannelBlock,
                        row + (static_cast<std::ptrdiff_t>(place) * blocks + block) * kChannelBlock);
          }
        }
        break;
    }
  }
}

}  // namespace pomona::winograd
