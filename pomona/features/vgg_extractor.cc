#include "pomona/features/vgg_extractor.h"

#include <string>
#include <utility>

#include "pomona/features/engine_choice.h"
#include "pomona/features/openvino_runtime.h"
#include "pomona/features/vgg_graph.h"
#include "pomona/features/winograd/winograd_extractor.h"

namespace pomona {
namespace {

winograd::NetworkDescription Describe(const VggWeights& weights, const NetworkOptions& options) {
  winograd::NetworkDescription description;
  description.image_rows = options.image_height;
  description.image_columns = options.image_width;
  description.preprocessing.channel_order = ChannelOrder::kBgr;
  description.preprocessing.mean = kVggMeanBgr;
  description.pooling = options.pooling;
  const std::vector<VggShape> shapes = VggLayers(weights.variant);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const VggShape& shape = shapes[i];
    description.layers.push_back({shape.name, shape.inputs, shape.outputs, weights.layers[i].kernel.values<float>(),
                                  weights.layers[i].bias.values<float>(), shape.pooled_after});
  }
  return description;
}

Result<std::unique_ptr<FeatureExtractor>> MakeNative(const VggWeights& weights, const NetworkOptions& options) {
  winograd::EngineOptions engine;
  engine.threads = options.threads;
  engine.batch_size = options.native.batch_size;
  engine.tile_sizes = options.native.tile_sizes;
  engine.memory_limit = options.native.memory_limit;
  engine.memory = options.native.memory;
  if (!options.native.instruction_set.empty()) {
    engine.target = SimdTargetFromName(options.native.instruction_set);
    if (!engine.target) {
      return Status::Invalid("the native engine knows no instruction set \"", options.native.instruction_set, "\"");
    }
  }
  const winograd::NetworkDescription description = Describe(weights, options);
  ARROW_ASSIGN_OR_RAISE(const winograd::EnginePlan plan, winograd::PlanEngine(description, engine));
  return winograd::MakeWinogradExtractor(description, plan, weights.Sha256());
}

}  // namespace

Result<std::unique_ptr<FeatureExtractor>> MakeVggExtractor(VggWeights weights, const NetworkOptions& options) {
  NetworkOptions network = options;
  if (network.image_width == 0) network.image_width = kVggImageSize;
  if (network.image_height == 0) network.image_height = kVggImageSize;
  if (network.image_width < kVggSmallestImage || network.image_height < kVggSmallestImage) {
    return Status::Invalid("an image size of ", network.image_width, "x", network.image_height, " for ",
                           weights.variant.name, ", which halves it five times: at least ", kVggSmallestImage, "x",
                           kVggSmallestImage, " wanted");
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
  ARROW_ASSIGN_OR_RAISE(const auto graph, BuildVggGraph(std::move(weights), network));
  return MakeOpenVinoExtractor(graph, runtime);
}

}  // namespace pomona
