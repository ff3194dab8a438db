#include "pomona/pipeline/shard_setup.h"

#include "pomona/base/resources.h"
#include "pomona/pipeline/plan.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

std::int64_t MemoryAllowed(const RunOptions& options) { return options.memory > 0 ? options.memory : MemoryLimit(); }

}  // namespace

int ThreadsOf(const RunOptions& options) { return options.threads > 0 ? options.threads : UsableThreads(); }

ExtractorRequest RequestExtractor(const RunOptions& options, int threads) {
  ExtractorRequest request = options.extractor;
  request.network.threads = threads;
  request.network.batch_size = ChooseBatchSize(request.network.image_width, request.network.image_height);
  request.network.native.memory = EngineMemory(MemoryAllowed(options), PeakResidentBytes(), threads);
  return request;
}

MemoryPlan BoundMemory(const RunOptions& options, const FeatureExtractor& extractor, int threads) {
  constexpr auto kFloat = static_cast<std::int64_t>(sizeof(float));
  MemoryNeeds needs;
  needs.limit = MemoryAllowed(options);
  needs.resident = PeakResidentBytes();
  needs.threads = threads;
  needs.batch_bytes = extractor.batch_size() * extractor.dim() * kFloat;
  needs.block_bytes = kBlockRows * extractor.dim() * kFloat;
  return PlanMemory(needs);
}

ShardJob MakeShardJob(const RunOptions& options, const FeatureExtractor& extractor, const ShardPlaces& places,
                      std::span<const std::int64_t> thumbnails, int threads, std::int64_t batches_ahead) {
  ShardJob job;
  job.manifest = places.manifest;
  job.places = places.images;
  job.store = places.store;
  job.recipe = {&extractor, options.resample, options.decode, thumbnails, places.previous};
  job.shard_size = options.shard_size;
  job.threads = threads;
  job.batches_ahead = batches_ahead;
  job.read_ahead = {CurrentStoreOptions().read_ahead, CurrentStoreOptions().connections};
  return job;
}

}  // namespace pomona
