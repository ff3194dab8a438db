#include "pomona/pipeline/previous_rows.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/run.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

using testing_folder::CopyPhotos;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using testing_run::Pixels;
using testing_run::RunAll;
using Kind = PreviousRow::Kind;

/// An output of more than one block with two failures.
class PreviousRowsTest : public ::testing::Test {
 protected:
  PreviousRowsTest() {
    CopyPhotos("Kiwi", folder_ / "in/Kiwi", 45);
    WriteFile(folder_ / "in/Kiwi/0-bad.jpg", "no image");
    WriteFile(folder_ / "in/Kiwi/9-bad.jpg", "");
    EXPECT_TRUE(RunAll(Pixels(folder_ / "in", folder_ / "out")).ok());
    root_ = Location::Parse(folder_ / "out").ValueOrDie();
    previous_ = PreviousRows::Open(root_, 1, PreviousRows::Retry::kReading).ValueOrDie();
  }

  TempFolder folder_;
  Location root_;
  std::unique_ptr<PreviousRows> previous_;
};

TEST_F(PreviousRowsTest, KnowsEveryRowOfItsOwnManifest) {
  const auto features = testing_run::Table(folder_ / "out/features/part-00000.parquet");
  const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*features->column(4)->chunk(0));
  const auto& values = static_cast<const arrow::FloatArray&>(*lists.values());
  ASSERT_GT(previous_->manifest().size(), kBlockRows);
  std::int64_t row = 0;
  std::int64_t failures = 0;
  for (std::int64_t number = 0; number < BlockCount(previous_->manifest().size()); ++number) {
    const auto block = previous_->manifest().ReadBlock(number).ValueOrDie();
    const std::vector<PreviousRow> known = previous_->Of(*block).ValueOrDie();
    for (std::int64_t i = 0; i < block->size(); ++i) {
      const PreviousRow& previous = known[static_cast<std::size_t>(i)];
      ASSERT_EQ(previous.index, block->first() + i);
      if (previous.kind == Kind::kFailure) {
        ++failures;
        EXPECT_EQ(previous.failure->path, block->row(i).path);
        continue;
      }
      ASSERT_EQ(previous.kind, Kind::kRow);
      const auto source = previous_->BlockOf(previous.index).ValueOrDie();
      const PreviousBlock::Row features_row = source->row(previous.index);
      EXPECT_EQ(features_row.width, 100);
      for (std::int64_t k = 0; k < 48; ++k) ASSERT_EQ(features_row.features[k], values.Value(row * 48 + k));
      ++row;
    }
  }
  EXPECT_EQ(row, features->num_rows());
  EXPECT_EQ(failures, 2);
}

TEST_F(PreviousRowsTest, ANewManifestFindsItsRowsWhereverTheyWere) {
  ManifestRows rows(folder_.path().string() + "/in/");
  const auto old_block = previous_->manifest().ReadBlock(1).ValueOrDie();
  const ManifestRow known = old_block->row(3);
  const ManifestRow changed = old_block->row(5);
  rows.Add(known.key, "new label", known.size, known.mtime_ns);
  rows.Add(changed.key, changed.label, changed.size, changed.mtime_ns + 1);
  rows.Add("Apple/first.jpg", "Apple", 1, 1);
  rows.Add("Zucchini/last.jpg", "Zucchini", 1, 1);
  rows.Sort();
  const Location place = Location::Parse(folder_ / "manifest.parquet").ValueOrDie();
  ASSERT_TRUE(WriteManifest(rows, place).ok());
  const auto block = Manifest::Open(place).ValueOrDie()->ReadBlock(0).ValueOrDie();
  const std::vector<PreviousRow> found = previous_->Of(*block).ValueOrDie();
  EXPECT_EQ(found[0].kind, Kind::kWanted);
  EXPECT_EQ(found[1].kind, Kind::kRow);
  EXPECT_EQ(found[1].index, kBlockRows + 3);
  EXPECT_EQ(found[2].kind, Kind::kWanted) << "another time of change";
  EXPECT_EQ(found[3].kind, Kind::kWanted);
}

TEST_F(PreviousRowsTest, DecidesWhichFailuresAreTriedAgain) {
  QuarantineRow failure;
  failure.stage = "read";
  EXPECT_TRUE(previous_->Retries(failure));
  failure.stage = "decode";
  EXPECT_FALSE(previous_->Retries(failure));
  EXPECT_TRUE(PreviousRows::Open(root_, 1, PreviousRows::Retry::kAll).ValueOrDie()->Retries(failure));
}

TEST_F(PreviousRowsTest, RefusesRecordsThatDoNotFitTheFeatures) {
  const std::string record = folder_ / "out/_pomona/shards/00000.json";
  Json json = ParseJson(testing_folder::ReadFile(record), "record").ValueOrDie();
  json["ok"] = 7;
  WriteFile(record, json.dump());
  const Status status = PreviousRows::Open(root_, 1, PreviousRows::Retry::kAll).status();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("does not fit the features"));
}

TEST(SameObject, IsToldBySizeAndTimeWhereTheyAreKnown) {
  ManifestRow a;
  a.size = 10;
  a.mtime_ns = 5;
  ManifestRow b = a;
  EXPECT_TRUE(SameObject(a, b));
  b.size = 11;
  EXPECT_FALSE(SameObject(a, b));
  b.size = -1;
  EXPECT_TRUE(SameObject(a, b));
  b.mtime_ns = 6;
  EXPECT_FALSE(SameObject(a, b));
  b.mtime_ns = 0;
  EXPECT_TRUE(SameObject(a, b));
}

}  // namespace
}  // namespace pomona
