#include "pomona/pipeline/manifest.h"

#include <limits>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

ManifestRows SomeRows() {
  ManifestRows rows("data/");
  rows.Add("b/2.jpg", "b", 20, 7, "0123abc-4");
  rows.Add("a/\xFF.jpg", "a", 30, 8);
  rows.Add("a/1, \"x\"\n.jpg", "a", -1, 0);
  rows.AddWhole("s3://bucket/c/3.jpg", "c", -1, 0);
  return rows;
}

TEST(Manifest, SortsByPathAndKeepsKeys) {
  ManifestRows rows = SomeRows();
  rows.Sort();
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows.row(0).path, "data/a/%FF.jpg");
  EXPECT_EQ(rows.row(0).key, "a/\xFF.jpg");
  EXPECT_EQ(rows.row(1).path, "data/a/1, \"x\"\n.jpg");
  EXPECT_EQ(rows.row(1).key, "a/1, \"x\"\n.jpg");
  EXPECT_EQ(rows.row(2).label, "b");
  EXPECT_EQ(rows.row(2).etag, "0123abc-4");
  EXPECT_EQ(rows.row(3).etag, "");
  EXPECT_EQ(rows.row(3).path, "s3://bucket/c/3.jpg");
  EXPECT_EQ(rows.row(3).key, "s3://bucket/c/3.jpg");
  rows.Keep(std::vector<std::int64_t>{1, 3});
  EXPECT_EQ(rows.row(1).key, "s3://bucket/c/3.jpg");
}

TEST(Manifest, KeepsRowsOfAnySizeAndTime) {
  const std::string long_key(3'000'000, 'k');
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  ManifestRows rows("data/");
  for (int i = 0; i < 50'000; ++i) rows.Add(std::to_string(100'000 + i), std::to_string(i % 300), i, -i, "0a1b");
  rows.AddRow({"x", long_key, "long", kMost, kLeast, "e", kMost});
  rows.AddRow({"y", "z", "", -1, kMost, "", -1});
  const ManifestRows moved = std::move(rows);
  ASSERT_EQ(moved.size(), 50'002);
  for (int i = 0; i < 50'000; i += 7) {
    const ManifestRow row = moved.row(i);
    EXPECT_EQ(row.path, "data/" + std::to_string(100'000 + i));
    EXPECT_EQ(row.key, std::to_string(100'000 + i));
    EXPECT_EQ(row.label, std::to_string(i % 300));
    EXPECT_EQ(moved.label_number(i), i % 300);
    EXPECT_EQ(row.size, i);
    EXPECT_EQ(row.mtime_ns, -i);
    EXPECT_EQ(row.etag, "0a1b");
    EXPECT_EQ(row.offset, -1);
  }
  EXPECT_EQ(moved.row(50'000).key, long_key);
  EXPECT_EQ(moved.row(50'000).label, "long");
  EXPECT_EQ(moved.row(50'000).size, kMost);
  EXPECT_EQ(moved.row(50'000).mtime_ns, kLeast);
  EXPECT_EQ(moved.row(50'000).offset, kMost);
  EXPECT_EQ(moved.row(50'000).etag, "e");
  EXPECT_EQ(moved.row(50'001).mtime_ns, kMost);
}

TEST(Manifest, NamesThatOnePathWouldStandForAreRefused) {
  ManifestRows rows = SomeRows();
  rows.Sort();
  EXPECT_TRUE(rows.CheckPaths().ok());
  rows.Add("a/%FF.jpg", "a", 30, 8);
  rows.Sort();
  const Status status = rows.CheckPaths();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_NE(status.message().find(R"("a/%FF.jpg" and "a/\xFF.jpg" would both be called data/a/%FF.jpg)"),
            std::string::npos)
      << status.message();

  ManifestRows packed("data/");
  packed.AddRow({"Kiwi/1.jpg", "one.tar", "Kiwi", 5, 0, "", 512});
  packed.AddRow({"Kiwi/1.jpg", "two.tar", "Kiwi", 5, 0, "", 512});
  EXPECT_TRUE(packed.CheckPaths().ok());
}

TEST(Manifest, ReadsBackWhatWasWritten) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "manifest.parquet").ValueOrDie();
  ManifestRows rows = SomeRows();
  rows.Sort();
  const std::string sha256 = WriteManifest(rows, place).ValueOrDie();
  EXPECT_EQ(sha256.size(), 64U);
  EXPECT_FALSE(Manifest::Open(place).ValueOrDie()->skipped());  // as in those of older versions
  SkippedFiles skipped;
  skipped.Add(SkipReason::kMacos, 3);
  rows.set_skipped(skipped);
  EXPECT_EQ(WriteManifest(rows, place).ValueOrDie(), sha256);
  const auto manifest = Manifest::Open(place).ValueOrDie();
  EXPECT_EQ(manifest->skipped(), skipped);
  ASSERT_EQ(manifest->size(), 4);
  const auto block = manifest->ReadBlock(0).ValueOrDie();
  ASSERT_EQ(block->size(), 4);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(block->row(i).path, rows.row(i).path);
    EXPECT_EQ(block->row(i).key, rows.row(i).key);
    EXPECT_EQ(block->row(i).label, rows.row(i).label);
    EXPECT_EQ(block->row(i).size, rows.row(i).size);
    EXPECT_EQ(block->row(i).mtime_ns, rows.row(i).mtime_ns);
    EXPECT_EQ(block->row(i).etag, rows.row(i).etag);
    EXPECT_EQ(block->row(i).offset, rows.row(i).offset);
  }
  EXPECT_FALSE(manifest->ReadBlock(1).ok());
}

TEST(Manifest, BlocksOfAManyRowsAreFoundInAnyOrder) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "manifest.parquet").ValueOrDie();
  ManifestRows rows("");
  constexpr std::int64_t kRows = 20'000;
  for (std::int64_t i = 0; i < kRows; ++i) rows.Add(std::to_string(100'000 + i), "x", i, i);
  ASSERT_TRUE(WriteManifest(rows, place).ok());
  const auto manifest = Manifest::Open(place).ValueOrDie();
  for (const std::int64_t b : {19, 0, 8, 7, 18}) {
    const auto block = manifest->ReadBlock(b).ValueOrDie();
    EXPECT_EQ(block->first(), b * kBlockRows);
    EXPECT_EQ(block->size(), std::min(kBlockRows, kRows - b * kBlockRows));
    EXPECT_EQ(block->row(3).size, b * kBlockRows + 3);
  }
}

TEST(Manifest, HashTellsManifestsApart) {
  const TempFolder folder;
  const Location place = Location::Parse(folder / "manifest.parquet").ValueOrDie();
  ManifestRows one("");
  one.Add("ab", "c", 1, 5);
  ManifestRows other("");
  other.Add("a", "bc", 1, 5);
  ManifestRows later("");
  later.Add("ab", "c", 1, 6);
  const std::string hash = WriteManifest(one, place).ValueOrDie();
  EXPECT_NE(hash, WriteManifest(other, place).ValueOrDie());
  EXPECT_EQ(hash, WriteManifest(later, place).ValueOrDie());  // the time of change is no content
}

}  // namespace
}  // namespace pomona
