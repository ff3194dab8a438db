#include "pomona/features/winograd/winograd_extractor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pomona/base/resources.h"
#include "pomona/features/winograd/network_session.h"

namespace pomona::winograd {
namespace {

class WinogradSession : public FeatureExtractor::Session {
 public:
  WinogradSession(const Network& network, std::unique_ptr<NetworkSession> session)
      : dim_(network.dim()),
        batch_size_(network.plan().batch),
        image_bytes_(static_cast<std::size_t>(network.image_rows()) *
                     static_cast<std::size_t>(network.image_columns()) * 3),
        pixels_(image_bytes_ * static_cast<std::size_t>(batch_size_)),
        session_(std::move(session)) {}

  std::uint8_t* input(int i) override { return pixels_.data() + static_cast<std::size_t>(i) * image_bytes_; }

  Status Run(int count, MatrixView<float> features) override {
    if (count < 0 || count > batch_size_ || features.rows < count || features.cols != dim_) {
      return Status::Invalid("a batch of ", count, " images into features of shape (", features.rows, ", ",
                             features.cols, "), at most ", batch_size_, " images and shape (count, ", dim_,
                             ") expected");
    }
    if (count > 0) session_->Run(pixels_.data(), count, features.data);
    return Status::OK();
  }

 private:
  std::int64_t dim_;
  int batch_size_;
  std::size_t image_bytes_;
  std::vector<std::uint8_t> pixels_;
  std::unique_ptr<NetworkSession> session_;
};

class WinogradExtractor : public FeatureExtractor {
 public:
  WinogradExtractor(std::unique_ptr<Network> network, EnginePlan plan, std::string weights_sha256)
      : network_(std::move(network)), plan_(std::move(plan)), weights_sha256_(std::move(weights_sha256)) {}

  std::int64_t dim() const override { return network_->dim(); }
  int image_width() const override { return network_->image_columns(); }
  int image_height() const override { return network_->image_rows(); }
  int batch_size() const override { return network_->plan().batch; }
  bool pads_batches() const override { return false; }
  std::string engine() const override { return "native"; }
  std::string weights_sha256() const override { return weights_sha256_; }

  Json engine_plan() const override {
    Json tile_sizes = Json::array();
    for (const LayerPlan& layer : network_->plan().layers) tile_sizes.push_back(layer.tile_size);
    return {{"instruction_set", SimdTargetName(network_->plan().target)},
            {"tile_sizes", std::move(tile_sizes)},
            {"relative_cost", plan_.relative_cost / 100.0}};
  }

  Result<std::unique_ptr<Session>> NewSession() const override {
    ARROW_ASSIGN_OR_RAISE(auto session, NetworkSession::Make(*network_));
    return std::make_unique<WinogradSession>(*network_, std::move(session));
  }

  int sessions_in_memory() const override { return plan_.sessions; }
  std::int64_t bytes(int sessions) const override { return plan_.bytes(sessions); }

 private:
  std::unique_ptr<Network> network_;
  EnginePlan plan_;
  std::string weights_sha256_;
};

Result<SimdTarget> ChosenTarget(const EngineOptions& options) {
  const std::vector<SimdTarget> usable = UsableSimdTargets();
  if (!options.target) return usable.front();
  if (std::find(usable.begin(), usable.end(), *options.target) != usable.end()) return *options.target;
  return Status::Invalid("this processor does not run the native engine's code for ", SimdTargetName(*options.target),
                         "; its best is ", SimdTargetName(usable.front()));
}

Status CheckTileSizes(const std::vector<int>& sizes, std::size_t layers) {
  const bool known =
      std::all_of(sizes.begin(), sizes.end(), [](int size) { return size >= kSmallestTile && size <= kLargestTile; });
  if (known && sizes.size() == layers) return Status::OK();
  return Status::Invalid("the plan has ", sizes.size(), " tile sizes for ", layers, " convolutions; ", layers, " of ",
                         kSmallestTile, " to ", kLargestTile, " wanted");
}

double TotalCost(const std::vector<ConvolutionShape>& shapes, const std::vector<int>& tile_sizes) {
  double cost = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) cost += ModelledCost(shapes[i], tile_sizes[i]);
  return cost;
}

EnginePlan Complete(const std::vector<ConvolutionShape>& shapes, const std::vector<int>& tile_sizes, int batch,
                    SimdTarget target, std::int64_t cache_bytes, int image_columns) {
  EnginePlan plan;
  plan.network.target = target;
  plan.network.batch = batch;
  plan.network.layers = PlanLayers(shapes, tile_sizes, batch, cache_bytes);
  plan.shared_bytes = Network::SharedBytes(shapes, plan.network);
  plan.session_bytes = NetworkSession::Bytes(shapes, plan.network, image_columns);
  plan.relative_cost = static_cast<int>(
      std::lround(100 * TotalCost(shapes, tile_sizes) / TotalCost(shapes, ChooseTileSizes(shapes, 0))));
  return plan;
}

constexpr int kSmallestBatch = 8;

/// Tile sizes whose weights fit beside what is the same on every machine: two sessions, whatever the number of threads;
/// the cache and instructions of a usual processor; a program of usual size.
std::vector<int> TilesWithin(std::int64_t limit, const std::vector<ConvolutionShape>& shapes, int image_columns) {
  constexpr std::int64_t kProgram = 96'000'000;  // before the network, and what reading, decoding and writing take
  constexpr int kSessions = 2;
  std::vector<int> tile_sizes = ChooseTileSizes(shapes, 0);
  if (limit <= 0) return tile_sizes;
  const EnginePlan usual =
      Complete(shapes, tile_sizes, kSmallestBatch, SimdTarget::kAvx512, kUsualCacheBytes, image_columns);
  if (usual.bytes(kSessions) <= limit - kProgram) return tile_sizes;
  std::int64_t gaps = usual.shared_bytes;  // between the frequencies
  for (std::size_t i = 0; i < shapes.size(); ++i) gaps -= WeightBytes(shapes[i], tile_sizes[i]);
  const std::int64_t room = limit - kProgram - kSessions * usual.session_bytes - gaps;
  return ChooseTileSizes(shapes, std::max<std::int64_t>(room, 1));
}

}  // namespace

int UsualBatchSize(const std::vector<ConvolutionShape>& shapes) {
  constexpr int kMost = 32;
  constexpr int kFewest = 8;
  constexpr int kTiles = 128;  // on which the last layers, whose weights are largest, reach their speed
  const int tiles = TileGrid(shapes.back(), kLargestTile).tiles();
  return std::clamp((kTiles + tiles - 1) / tiles, kFewest, kMost);
}

Result<EnginePlan> PlanEngine(const NetworkDescription& description, const EngineOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<ConvolutionShape> shapes, ConvolutionShapes(description));
  ARROW_ASSIGN_OR_RAISE(const SimdTarget target, ChosenTarget(options));
  const int threads = std::max(options.threads, 1);
  const std::vector<int> tile_sizes = options.tile_sizes.empty()
                                          ? TilesWithin(options.memory_limit, shapes, description.image_columns)
                                          : options.tile_sizes;
  ARROW_RETURN_NOT_OK(CheckTileSizes(tile_sizes, shapes.size()));
  const std::int64_t cache_bytes = SecondLevelCacheBytes().value_or(kUsualCacheBytes);
  int batch = options.batch_size > 0 ? options.batch_size : UsualBatchSize(shapes);
  EnginePlan plan = Complete(shapes, tile_sizes, batch, target, cache_bytes, description.image_columns);
  while (options.memory > 0 && plan.bytes(threads) > options.memory && options.batch_size == 0 &&
         batch > kSmallestBatch) {
    batch /= 2;
    plan = Complete(shapes, tile_sizes, batch, target, cache_bytes, description.image_columns);
  }
  plan.network.threads = threads;
  plan.sessions = threads;
  if (options.memory > 0) {
    const std::int64_t fitting = (options.memory - plan.shared_bytes) / plan.session_bytes;
    plan.sessions = static_cast<int>(std::clamp<std::int64_t>(fitting, 1, threads));
  }
  return plan;
}

Result<std::unique_ptr<FeatureExtractor>> MakeWinogradExtractor(const NetworkDescription& description,
                                                                const EnginePlan& plan, std::string weights_sha256) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<Network> network, Network::Make(description, plan.network));
  return std::make_unique<WinogradExtractor>(std::move(network), plan, std::move(weights_sha256));
}

}  // namespace pomona::winograd
