#include "pomona/pipeline/shard.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/pixels_extractor.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

/// An extractor of large batches that says whether it pads them.
class LargeBatches : public FeatureExtractor {
 public:
  LargeBatches(const FeatureExtractor& inner, bool pads) : inner_(inner), pads_(pads) {}
  std::int64_t dim() const override { return inner_.dim(); }
  int image_width() const override { return inner_.image_width(); }
  int image_height() const override { return inner_.image_height(); }
  int batch_size() const override { return 32; }
  bool pads_batches() const override { return pads_; }
  std::string engine() const override { return inner_.engine(); }
  std::string weights_sha256() const override { return ""; }
  Result<std::unique_ptr<Session>> NewSession() const override { return inner_.NewSession(); }

 private:
  const FeatureExtractor& inner_;
  bool pads_;
};

class ShardTest : public ::testing::Test {
 protected:
  ShardTest() : input_(Location::Parse(folder_ / "in").ValueOrDie()), places_(input_), store_(Store("shards")) {
    testing_folder::CopyPhotos("Kiwi", folder_.path() / "in" / "Kiwi", 100);
    RunOptions options;
    options.input = folder_ / "in";
    const InputImages images = ListInput(options, input_, nullptr).ValueOrDie();
    const Location place = Location::Parse(folder_ / "manifest.parquet").ValueOrDie();
    EXPECT_TRUE(WriteManifest(images.rows, place).ok());
    manifest_ = Manifest::Open(place).ValueOrDie();
    extractor_ = MakePixelsExtractor(2, 2).ValueOrDie();
    job_.manifest = manifest_.get();
    job_.places = &places_;
    job_.store = &store_;
    job_.recipe.extractor = extractor_.get();
    job_.threads = 2;
  }

  ShardStore Store(std::string_view name) { return ShardStore(Location::Parse(folder_ / name).ValueOrDie()); }
  std::int64_t shards() const { return (manifest_->size() + 1023) / 1024; }

  TempFolder folder_;
  Location input_;
  ImagePlaces places_;
  ShardStore store_;
  std::unique_ptr<Manifest> manifest_;
  std::unique_ptr<FeatureExtractor> extractor_;
  ShardJob job_;
};

TEST_F(ShardTest, EachShardStandsAlone) {
  ASSERT_GE(shards(), 2);
  std::int64_t advanced = 0;
  job_.advanced = [&](std::int64_t images, std::int64_t, std::int64_t) {
    advanced += images;
    return true;
  };
  const std::int64_t last = shards() - 1;
  ASSERT_TRUE(RunShards(job_, std::vector<std::int64_t>{last}, nullptr).ok());
  EXPECT_EQ(advanced, manifest_->size() - last * 1024);
  EXPECT_EQ(store_.Read(last)->ok, advanced);
  EXPECT_FALSE(store_.Read(0).ok());
  ASSERT_TRUE(RunShards(job_, std::vector<std::int64_t>{0}, nullptr).ok());
  EXPECT_EQ(store_.Read(0)->ok, 1024);
}

TEST_F(ShardTest, PartsAreTheSameForAnyThreadsAndShardsTogether) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < shards(); ++i) all.push_back(i);
  job_.threads = 1;
  ASSERT_TRUE(RunShards(job_, all, nullptr).ok());
  const ShardStore other = Store("other");
  job_.store = &other;
  job_.threads = 4;
  ASSERT_TRUE(RunShards(job_, all, nullptr).ok());
  for (const std::int64_t shard : all) EXPECT_EQ(store_.Read(shard)->file.sha256, other.Read(shard)->file.sha256);
}

TEST_F(ShardTest, BatchesShrinkTowardsTheEndWhereTheyAreNotPadded) {
  ASSERT_GE(shards(), 2);
  const std::vector<std::int64_t> some = {0, shards() - 1};
  const std::int64_t expected = 1024 + manifest_->size() - (shards() - 1) * 1024;
  for (const bool pads : {true, false}) {
    const LargeBatches extractor(*extractor_, pads);
    const ShardStore store = Store(pads ? "padded" : "unpadded");
    job_.recipe.extractor = &extractor;
    job_.store = &store;
    job_.threads = 1;  // so that batches are done in the order in which they are handed out
    std::vector<std::int64_t> batches;
    job_.advanced = [&](std::int64_t images, std::int64_t, std::int64_t) {
      batches.push_back(images);
      return true;
    };
    ASSERT_TRUE(RunShards(job_, some, nullptr).ok());
    EXPECT_EQ(std::accumulate(batches.begin(), batches.end(), std::int64_t{0}), expected);
    EXPECT_EQ(store.Read(0)->ok, 1024);
    EXPECT_EQ(store.Read(some.back())->ok, expected - 1024);
    EXPECT_EQ(batches.front(), 32);
    if (pads) {
      EXPECT_EQ(std::count(batches.begin(), batches.end(), 32), 32 + (expected - 1024) / 32);
    } else {
      EXPECT_TRUE(std::is_sorted(batches.rbegin(), batches.rend()));
      EXPECT_LE(batches.back(), 8);
      EXPECT_GE(batches[batches.size() - 2], 8);
    }
  }
}

TEST_F(ShardTest, ShardsBegunAreFinishedWhenNoMoreAreWanted) {
  job_.advanced = [](std::int64_t, std::int64_t, std::int64_t) { return false; };
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < shards(); ++i) all.push_back(i);
  ASSERT_TRUE(RunShards(job_, all, nullptr).ok());
  EXPECT_TRUE(store_.Read(0).ok());
  EXPECT_FALSE(store_.Read(shards() - 1).ok());
}

TEST_F(ShardTest, CancellationCommitsNothingHalf) {
  Cancellation cancellation;
  job_.advanced = [&](std::int64_t, std::int64_t, std::int64_t) {
    cancellation.Cancel();
    return true;
  };
  EXPECT_TRUE(RunShards(job_, std::vector<std::int64_t>{0, 1}, &cancellation).IsCancelled());
  EXPECT_FALSE(store_.Read(0).ok());
  for (const auto& [name, bytes] : testing_folder::Files(folder_.path())) {
    EXPECT_EQ(name.find("shards/"), std::string::npos) << name;
  }
}

TEST_F(ShardTest, WriteErrorsEndTheRun) {
  testing_folder::WriteFile(folder_ / "shards", "a file where a folder should be");
  EXPECT_TRUE(RunShards(job_, std::vector<std::int64_t>{0, 1}, nullptr).IsIOError());
}

}  // namespace
}  // namespace pomona
