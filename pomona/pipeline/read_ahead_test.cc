#include "pomona/pipeline/read_ahead.h"

#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;
using testing_folder::WriteFile;

constexpr std::int64_t kFiles = 200;
constexpr std::int64_t kSize = 10'000;

/// A manifest of 200 files of 10,000 bytes, the 50th of which is gone.
class ReadAheadTest : public testing::Test {
 protected:
  void SetUp() override {
    ManifestRows rows(folder_ / "in/");
    for (std::int64_t i = 0; i < kFiles; ++i) {
      const std::string name = std::to_string(1000 + i);
      if (i != 50) WriteFile(folder_.path() / "in" / name, std::string(kSize, static_cast<char>(i)));
      rows.Add(name, "x", kSize, 0);
    }
    const Location place = Location::Parse(folder_ / "manifest.parquet").ValueOrDie();
    ASSERT_TRUE(WriteManifest(rows, place).ok());
    block_ = Manifest::Open(place).ValueOrDie()->ReadBlock(0).ValueOrDie();
    places_ = std::make_unique<ImagePlaces>(Location::Parse(folder_ / "in").ValueOrDie());
  }

  void ExpectAll(const ReadAhead::Options& options, std::int64_t memory) {
    ReadAhead ahead(*places_, options);
    std::vector<std::shared_ptr<ReadAhead::Batch>> batches;
    for (std::int64_t first = 0; first < kFiles; first += 20) batches.push_back(ahead.Add(block_, first, 20));
    ByteBuffer bytes;
    for (std::int64_t i = 0; i < kFiles; ++i) {
      const Status status = ahead.Take(*batches[static_cast<std::size_t>(i / 20)], i % 20, &bytes);
      if (i == 50) {
        EXPECT_EQ(FailureCodeOf(status), FailureCode::kMissing);
      } else {
        ASSERT_TRUE(status.ok()) << status.ToString();
        EXPECT_EQ(bytes.text(), std::string(kSize, static_cast<char>(i)));
      }
    }
    EXPECT_LE(ahead.peak_memory(), memory);
  }

  TempFolder folder_;
  std::shared_ptr<const ManifestBlock> block_;
  std::unique_ptr<ImagePlaces> places_;
};

TEST_F(ReadAheadTest, EveryImageComesInItsPlace) { ExpectAll({.memory = 100'000'000, .readers = 8}, 100'000'000); }

TEST_F(ReadAheadTest, MemoryIsBounded) {
  // A buffer has a byte more than its file, to notice one that grew.
  ExpectAll({.memory = 5 * kSize, .readers = 8}, 5 * (kSize + 1));
}

TEST_F(ReadAheadTest, AnImageLargerThanTheMemoryIsReadAlone) { ExpectAll({.memory = 10, .readers = 8}, kSize + 1); }

TEST_F(ReadAheadTest, ReadsOnlyWhatIsWanted) {
  ReadAhead ahead(*places_, {.memory = 3 * kSize, .readers = 4});
  std::vector<std::shared_ptr<ReadAhead::Batch>> batches;
  const auto wanted = [](std::int64_t i) { return i % 7 == 3 || i / 20 == 1; };
  for (std::int64_t first = 0; first < kFiles; first += 20) {
    std::vector<bool> of_batch(20);
    for (std::int64_t i = 0; i < 20; ++i) of_batch[static_cast<std::size_t>(i)] = first != 60 && wanted(first + i);
    batches.push_back(ahead.Add(block_, first, 20, of_batch));
  }
  ByteBuffer bytes;
  for (std::int64_t i = 0; i < kFiles; ++i) {
    if (!wanted(i) || i / 20 == 3 || i == 50) continue;
    ASSERT_TRUE(ahead.Take(*batches[static_cast<std::size_t>(i / 20)], i % 20, &bytes).ok());
    EXPECT_EQ(bytes.text(), std::string(kSize, static_cast<char>(i)));
  }
}

TEST_F(ReadAheadTest, StoppingWakesWhoeverWaits) {
  ReadAhead ahead(*places_, {.memory = 1, .readers = 1});
  const auto batch = ahead.Add(block_, 0, 20);
  ahead.Stop();
  ByteBuffer bytes;
  EXPECT_TRUE(ahead.Take(*batch, 19, &bytes).IsCancelled());
}

}  // namespace
}  // namespace pomona
