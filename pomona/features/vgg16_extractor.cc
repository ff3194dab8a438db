#include "pomona/features/vgg16_extractor.h"

#include <string>
#include <utility>

#include "pomona/features/engine_choice.h"
#include "pomona/features/openvino_runtime.h"
#include "pomona/features/vgg16_graph.h"
#include "pomona/features/winograd/winograd_extractor.h"

namespace pomona {
namespace {

winograd::NetworkDescription Describe(const Vgg16Weights& weights, const NetworkOptions& options) {
  winograd::NetworkDescription description;
  description.image_rows = options.image_height;
  description.image_columns = options.image_width;
  description.preprocessing.channel_order = ChannelOrder::kBgr;
  description.preprocessing.mean = kVgg16MeanBgr;
  description.pooling = options.pooling;
  for (std::size_t i = 0; i < kVgg16Layers.size(); ++i) {
    const Vgg16Shape& shape = kVgg16Layers[i];
    description.layers.push_back({std::string(shape.name), shape.inputs, shape.outputs,
                                  weights.layers[i].kernel.values<float>(), weights.layers[i].bias.values<float>(),
                                  shape.pooled_after});
  }
  return description;
}

Result<std::unique_ptr<FeatureExtractor>> MakeNative(const Vgg16Weights& weights, const NetworkOptions& options) {
  winograd::EngineOptions engine;
  engine.threads = options.threads;
  engine.batch_size = options.native.batch_size;
  engine.tile_sizes = options.native.tile_sizes;
  engine.memory = options.native.memory;
  if (!options.native.instruction_set.empty()) {
    engine.target = winograd::SimdTargetFromName(options.native.instruction_set);
    if (!engine.target) {
      return Status::Invalid("the native engine knows no instruction set \"", options.native.instruction_set, "\"");
    }
  }
  const winograd::NetworkDescription description = Describe(weights, options);
  ARROW_ASSIGN_OR_RAISE(const winograd::EnginePlan plan, winograd::PlanEngine(description, engine));
  return winograd::MakeWinogradExtractor(description, plan, weights.Sha256());
}

}  // namespace

Result<std::unique_ptr<FeatureExtractor>> MakeVgg16Extractor(Vgg16Weights weights, const NetworkOptions& options) {
  NetworkOptions network = options;
  if (network.image_width == 0) network.image_width = kVgg16ImageSize;
  if (network.image_height == 0) network.image_height = kVgg16ImageSize;
  if (network.image_width < kVgg16SmallestImage || network.image_height < kVgg16SmallestImage) {
    return Status::Invalid("an image size of ", network.image_width, "x", network.image_height,
                           " for vgg16, which halves it five times: at least ", kVgg16SmallestImage, "x",
                           kVgg16SmallestImage, " wanted");
  }
  if (network.batch_size < 1) return Status::Invalid("a batch of ", network.batch_size, " images, at least 1 wanted");
  if (network.threads < 1) return Status::Invalid(network.threads, " threads, at least 1 wanted");
  ARROW_RETURN_NOT_OK(CheckPrecision(network.precision));
  ARROW_ASSIGN_OR_RAISE(const EngineDecision decision, DecideEngine(network));
  if (decision.native) return MakeNative(weights, network);

  OpenVinoOptions runtime;
  runtime.precision = network.precision;
  runtime.threads = network.threads;
  runtime.weights_sha256 = weights.Sha256();
  ARROW_ASSIGN_OR_RAISE(const auto graph, BuildVgg16Graph(std::move(weights), network));
  return MakeOpenVinoExtractor(graph, runtime);
}

}  // namespace pomona
