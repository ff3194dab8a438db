#include "pomona/features/vgg16_extractor.h"

#include <string>
#include <utility>

#include "pomona/features/openvino_runtime.h"
#include "pomona/features/vgg16_graph.h"

namespace pomona {

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
  ARROW_RETURN_NOT_OK(CheckPrecision(network.precision));

  OpenVinoOptions runtime;
  runtime.precision = network.precision;
  runtime.threads = network.threads;
  runtime.weights_sha256 = weights.Sha256();
  ARROW_ASSIGN_OR_RAISE(auto graph, BuildVgg16Graph(std::move(weights), network));
  return MakeOpenVinoExtractor(std::move(graph), runtime);
}

}  // namespace pomona
