#include "pomona/pipeline/shard_worker.h"

#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

using testing_folder::CopyPhotos;
using testing_folder::TempFolder;
using testing_run::ExpectSameResult;
using testing_run::Pixels;
using testing_run::RunAll;

/// Opens a worker of its own for every attempt, as other processes would, and runs every shard so often.
class InWorkers : public ShardDistributor {
 public:
  InWorkers(RunOptions options, int attempts) : options_(std::move(options)), attempts_(attempts) {}

  Status Distribute(const ShardsToRun& shards, const Cancellation* cancellation) override {
    images = shards.images;
    ticket = shards.ticket;
    for (int attempt = 0; attempt < attempts_; ++attempt) {
      ARROW_ASSIGN_OR_RAISE(const auto worker, ShardWorker::Open({options_, "", shards.ticket}));
      for (const ShardTask& task : shards.tasks) {
        ARROW_ASSIGN_OR_RAISE(const ShardOutcome outcome, worker->Run(task, cancellation));
        thumbnails += static_cast<std::int64_t>(task.thumbnails.size());
        if (attempt == 0) shards.advanced(outcome.images, outcome.failed, outcome.read);
        failed = outcome.failed;
        read += outcome.read;
      }
    }
    return Status::OK();
  }

  std::int64_t images = 0;
  std::int64_t thumbnails = 0;
  std::int64_t failed = 0;
  std::int64_t read = 0;
  std::string ticket;

 private:
  RunOptions options_;
  int attempts_;
};

class ShardWorkerTest : public ::testing::Test {
 protected:
  ShardWorkerTest() { CopyPhotos("Kiwi", folder_.path() / "in" / "Kiwi", 50); }

  Result<RunSummary> RunIn(const RunOptions& options, ShardDistributor* distributor) {
    return pomona::Run(options, RunStages::kAll, nullptr, nullptr, distributor);
  }

  TempFolder folder_;
};

TEST_F(ShardWorkerTest, WorkersMakeWhatThreadsMake) {
  const RunOptions here = Pixels(folder_ / "in", folder_ / "here");
  const RunOptions there = Pixels(folder_ / "in", folder_ / "there");
  ASSERT_TRUE(RunAll(here).ok());
  InWorkers workers(there, 1);
  const RunSummary summary = RunIn(there, &workers).ValueOrDie();
  EXPECT_EQ(workers.images, 1350);
  EXPECT_GT(workers.thumbnails, 0);
  EXPECT_EQ(summary.run["images_extracted"], 1350);
  ExpectSameResult(folder_ / "here", folder_ / "there");
}

TEST_F(ShardWorkerTest, ShardIsCommittedOnceHoweverOftenItIsRun) {
  const RunOptions options = Pixels(folder_ / "in", folder_ / "out");
  testing_folder::WriteFile(folder_.path() / "in" / "Kiwi" / "broken.jpg", "no photograph");
  InWorkers workers(options, 3);
  const RunSummary summary = RunIn(options, &workers).ValueOrDie();
  EXPECT_EQ(summary.run["images_ok"], 1350);
  EXPECT_EQ(summary.run["images_quarantined"], 1);
  EXPECT_EQ(workers.read, 3 * 1351);
}

TEST_F(ShardWorkerTest, UpdateIsDistributedToo) {
  RunOptions here = Pixels(folder_ / "in", folder_ / "here");
  RunOptions there = Pixels(folder_ / "in", folder_ / "there");
  ASSERT_TRUE(RunAll(here).ok());
  ASSERT_TRUE(RunAll(there).ok());
  CopyPhotos("Lemon", folder_.path() / "in" / "Lemon", 2);
  here.update = there.update = UpdateKind::kKeep;
  ASSERT_TRUE(RunAll(here).ok());
  InWorkers workers(there, 1);
  const RunSummary summary = RunIn(there, &workers).ValueOrDie();
  EXPECT_EQ(workers.read, 54);
  EXPECT_EQ(summary.run["generation"], 2);
  for (const char* name : {"/projection.csv", "/model/arrays.safetensors"}) {
    EXPECT_EQ(testing_folder::ReadFile((folder_ / "here") + name),
              testing_folder::ReadFile((folder_ / "there") + name));
  }
}

TEST_F(ShardWorkerTest, NothingIsRunOnceTheClaimHasGone) {
  const RunOptions options = Pixels(folder_ / "in", folder_ / "out");
  InWorkers workers(options, 1);
  ASSERT_TRUE(RunIn(options, &workers).ok());
  const Status late = ShardWorker::Open({options, "", workers.ticket}).status();
  ASSERT_TRUE(late.IsIOError()) << late.ToString();
  EXPECT_NE(late.message().find("the run that handed this work out has ended"), std::string::npos) << late.message();
  EXPECT_TRUE(ShardWorker::Open({options, "", "nonsense"}).status().IsInvalid());
}

/// Asks for a worker whose machine is another one than planned.
class OtherRecipe : public ShardDistributor {
 public:
  explicit OtherRecipe(RunOptions options) : options_(std::move(options)) {
    options_.extractor.network.image_width = 5;
  }
  Status Distribute(const ShardsToRun& shards, const Cancellation*) override {
    return ShardWorker::Open({options_, "", shards.ticket}).status();
  }

 private:
  RunOptions options_;
};

TEST_F(ShardWorkerTest, WorkerThatWouldNotObeyThePlanStops) {
  const RunOptions options = Pixels(folder_ / "in", folder_ / "out");
  OtherRecipe other(options);
  const Status status = RunIn(options, &other).status();
  ASSERT_TRUE(status.IsInvalid()) << status.ToString();
  EXPECT_NE(status.message().find("planned"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace pomona
