#include "pomona/pipeline/shard_setup.h"

#include <algorithm>

#include "pomona/base/resources.h"
#include "pomona/pipeline/plan.h"
#include "pomona/storage/store_options.h"

namespace pomona {

int ThreadsOf(const RunOptions& options) { return options.threads > 0 ? options.threads : UsableThreads(); }

ExtractorRequest RequestExtractor(const RunOptions& options, int threads) {
  ExtractorRequest request = options.extractor;
  request.network.threads = threads;
  request.network.batch_size = ChooseBatchSize(request.network.image_width, request.network.image_height);
  NativeEngineOptions& native = request.network.native;
  native.memory_limit = MemoryAllowed(options.memory);
  native.memory = EngineMemory(native.memory_limit, PeakResidentBytes(), threads);
  return request;
}

BatchPlan BoundMemory(const RunOptions& options, const FeatureExtractor& extractor, int threads) {
  const std::int64_t batch_bytes = extractor.batch_size() * extractor.dim() * std::int64_t{sizeof(float)};
  return PlanBatches(MemoryAllowed(options.memory), PeakResidentBytes(), threads, batch_bytes);
}

int ExtractingThreads(const FeatureExtractor& extractor, int threads) {
  return std::min(threads, extractor.sessions_in_memory());
}

ShardJob MakeShardJob(const RunOptions& options, const FeatureExtractor& extractor, const ShardPlaces& places,
                      std::span<const std::int64_t> thumbnails, int threads, std::int64_t batches_ahead) {
  ShardJob job;
  job.manifest = places.manifest;
  job.places = places.images;
  job.store = places.store;
  job.recipe = {&extractor, options.resample, options.decode, thumbnails, places.previous};
  job.shard_size = options.shard_size;
  job.threads = ExtractingThreads(extractor, threads);
  job.batches_ahead = batches_ahead;
  job.read_ahead = {CurrentStoreOptions().read_ahead, CurrentStoreOptions().connections};
  return job;
}

}  // namespace pomona
