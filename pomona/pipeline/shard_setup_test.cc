#include "pomona/pipeline/shard_setup.h"

#include <array>

#include <gtest/gtest.h>

#include "pomona/base/resources.h"
#include "pomona/features/pixels_extractor.h"
#include "pomona/pipeline/plan.h"

namespace pomona {
namespace {

TEST(ShardSetupTest, ThreadsAreTheOnesAskedFor) {
  RunOptions options;
  EXPECT_EQ(ThreadsOf(options), UsableThreads());
  options.threads = 7;
  EXPECT_EQ(ThreadsOf(options), 7);
}

TEST(ShardSetupTest, RequestIsForThreadsAndImageSize) {
  RunOptions options;
  options.extractor.extractor = "pixels";
  options.extractor.network.image_width = options.extractor.network.image_height = 100;
  const ExtractorRequest request = RequestExtractor(options, 3);
  EXPECT_EQ(request.extractor, "pixels");
  EXPECT_EQ(request.network.threads, 3);
  EXPECT_EQ(request.network.batch_size, ChooseBatchSize(100, 100));
  options.memory = 300'000'000;
  EXPECT_EQ(RequestExtractor(options, 3).network.native.memory_limit, options.memory);
  EXPECT_LT(RequestExtractor(options, 3).network.native.memory, options.memory);
}

TEST(ShardSetupTest, LittleMemoryHoldsFewerBatches) {
  const auto extractor = MakePixelsExtractor(64, 64).ValueOrDie();
  RunOptions options;
  options.memory = std::int64_t{64} << 30;
  const BatchPlan much = BoundMemory(options, *extractor, 4);
  options.memory = PeakResidentBytes() + 2'000'000;
  const BatchPlan little = BoundMemory(options, *extractor, 4);
  EXPECT_LT(little.batches_ahead, much.batches_ahead);
  EXPECT_TRUE(much.message.empty());
}

/// An extractor for which memory allows so many sessions.
class Cramped : public FeatureExtractor {
 public:
  explicit Cramped(int sessions) : sessions_(sessions) {}
  std::int64_t dim() const override { return 1; }
  int image_width() const override { return 1; }
  int image_height() const override { return 1; }
  int batch_size() const override { return 1; }
  std::string engine() const override { return "cramped"; }
  std::string weights_sha256() const override { return ""; }
  Result<std::unique_ptr<Session>> NewSession() const override { return Status::NotImplemented("none"); }
  int sessions_in_memory() const override { return sessions_; }

 private:
  int sessions_;
};

TEST(ShardSetupTest, NoMoreThreadsExtractThanHaveMemory) {
  const auto pixels = MakePixelsExtractor(4, 4).ValueOrDie();
  EXPECT_EQ(ExtractingThreads(*pixels, 5), 5);
  EXPECT_EQ(ExtractingThreads(Cramped(2), 5), 2);
  EXPECT_EQ(MakeShardJob({}, Cramped(2), {}, {}, 5, 9).threads, 2);
}

TEST(ShardSetupTest, JobIsWhatTheOptionsSay) {
  const auto extractor = MakePixelsExtractor(4, 4).ValueOrDie();
  RunOptions options;
  options.shard_size = 2048;
  options.resample = ResizeFilter::kLanczos;
  const std::array<std::int64_t, 2> thumbnails = {3, 5};
  const ShardJob job = MakeShardJob(options, *extractor, {}, thumbnails, 2, 9);
  EXPECT_EQ(job.shard_size, 2048);
  EXPECT_EQ(job.threads, 2);
  EXPECT_EQ(job.batches_ahead, 9);
  EXPECT_EQ(job.recipe.extractor, extractor.get());
  EXPECT_EQ(job.recipe.resample, ResizeFilter::kLanczos);
  EXPECT_EQ(job.recipe.thumbnails.data(), thumbnails.data());
}

}  // namespace
}  // namespace pomona
