#include "pomona/models/cache.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/models/test_models.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(ModelCache, StoresFindsAndRemoves) {
  const test::ScratchFolder scratch;
  const VggWeights weights = test::MadeUpWeights();
  const RegistryModel model = test::MadeUpModel(weights);
  const ModelCache cache(scratch / "deep/models");
  EXPECT_FALSE(cache.Find(model)->has_value());
  EXPECT_EQ(*cache.Remove(model), 0);
  const Status stored = cache.Store(model, weights, "a test", false);
  ASSERT_TRUE(stored.ok()) << stored.ToString();
  const auto found = *cache.Find(model);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->source, "a test");
  EXPECT_EQ(found->weights_sha256, model.weights_sha256);
  EXPECT_EQ(found->size, static_cast<std::int64_t>(fs::file_size(found->file)));
  EXPECT_THAT(found->file.native(), HasSubstr("deep/models/vgg16/" + model.weights_sha256 + ".safetensors"));
  const auto read = VggWeights::Read(*OpenInputFile(test::At(found->file)), kVgg16, "cached");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->Sha256(), model.weights_sha256);

  std::ofstream(cache.FolderOf(model) / "note.txt") << "mine";
  EXPECT_GT(*cache.Remove(model), found->size);
  EXPECT_FALSE(cache.Find(model)->has_value());
  EXPECT_FALSE(fs::exists(found->file));
  EXPECT_TRUE(fs::exists(cache.FolderOf(model) / "note.txt"));  // what others put there stays
  fs::remove(cache.FolderOf(model) / "note.txt");
  EXPECT_EQ(*cache.Remove(model), 0);
  EXPECT_FALSE(fs::exists(cache.FolderOf(model)));
}

TEST(ModelCache, RefusesOtherWeights) {
  const test::ScratchFolder scratch;
  const RegistryModel model = test::MadeUpModel(test::MadeUpWeights(1));
  const VggWeights other = test::MadeUpWeights(2);
  const ModelCache cache(scratch.path());
  const Status status = cache.Store(model, other, "other.h5", false);
  EXPECT_TRUE(status.IsInvalid());
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("other.h5"), HasSubstr(model.weights_sha256), HasSubstr(other.Sha256())));
  EXPECT_FALSE(cache.Find(model)->has_value());
}

TEST(ModelCache, WithoutAKnownHashTheFileDecides) {
  const test::ScratchFolder scratch;
  RegistryModel model = test::MadeUpModel(test::MadeUpWeights());
  const std::string sha256 = model.weights_sha256;
  model.weights_sha256.clear();
  const ModelCache cache(scratch.path());
  ASSERT_TRUE(cache.Store(model, test::MadeUpWeights(), "a file", false).ok());
  EXPECT_FALSE((*cache.Find(model))->verified);
  EXPECT_EQ((*cache.Find(model))->weights_sha256, sha256);
  ASSERT_TRUE(cache.Store(model, test::MadeUpWeights(), "the file", true).ok());
  EXPECT_TRUE((*cache.Find(model))->verified);
  ASSERT_TRUE(cache.Store(model, test::MadeUpWeights(2), "another file", false).ok());
  EXPECT_FALSE((*cache.Find(model))->verified);
  model.weights_sha256 = sha256;  // the registry of a later version
  EXPECT_FALSE(cache.Find(model)->has_value());
}

TEST(ModelCache, DamagedEntriesAreNoEntries) {
  const test::ScratchFolder scratch;
  const VggWeights weights = test::MadeUpWeights();
  RegistryModel model = test::MadeUpModel(weights);
  const ModelCache cache(scratch.path());
  ASSERT_TRUE(cache.Store(model, weights, "a test", false).ok());
  const fs::path file = (*cache.Find(model))->file;
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_FALSE(cache.Find(model)->has_value());
  ASSERT_TRUE(cache.Store(model, weights, "a test", false).ok());
  EXPECT_TRUE(cache.Find(model)->has_value());
  model.weights_sha256[0] ^= 1;  // the registry of a later version
  EXPECT_FALSE(cache.Find(model)->has_value());
  std::ofstream(cache.FolderOf(model) / "entry.json") << "{";
  EXPECT_FALSE(cache.Find(model)->has_value());
}

TEST(ModelCache, OneHolderOfTheLock) {
  const test::ScratchFolder scratch;
  const RegistryModel& model = *ModelRegistry::BuiltIn().Find("vgg16");
  const ModelCache cache(scratch.path());
  auto first = cache.Acquire(model, nullptr);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  Cancellation cancelled;
  cancelled.Cancel();
  EXPECT_TRUE(cache.Acquire(model, &cancelled).status().IsCancelled());
  std::atomic<bool> released{false};
  std::thread other([&] {
    const auto second = cache.Acquire(model, nullptr);
    EXPECT_TRUE(second.ok());
    EXPECT_TRUE(released.load());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  released = true;
  first->reset();
  other.join();
}

TEST(ModelCache, FolderThatCannotBeMade) {
  const test::ScratchFolder scratch;
  std::ofstream(scratch / "file") << "x";
  const ModelCache cache(scratch / "file/models");
  EXPECT_THAT(cache.Acquire(*ModelRegistry::BuiltIn().Find("vgg16"), nullptr).status().message(),
              HasSubstr("POMONA_MODELS"));
}

}  // namespace
}  // namespace pomona
