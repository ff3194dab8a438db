#include "pomona/pipeline/join.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/parquet_io.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/thumbnails.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;

TEST(Join, PartsAndRowGroupsDependOnManifestIndicesAlone) {
  // A block of so many features is larger than half a part: each block becomes a part of its own.
  constexpr std::int64_t kDim = 40'000;
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  const ShardStore store(output.Child("_pomona/shards"));
  std::vector<std::int64_t> many;
  for (std::int64_t i = 1024; i < 1024 + 130; ++i) many.push_back(i);
  testing_features::CommitShard(store, 0, {{3, 1000}, many}, kDim);
  testing_features::CommitShard(store, 1, {{2049}}, kDim);
  const std::vector<JoinedPart> parts = testing_features::Join(store, output, 2050, 2048, kDim);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(JoinedPartNames(2050, kDim)[2], parts[2].name);
  const std::vector<std::int64_t> rows = {2, 130, 1};
  const std::vector<int> groups = {1, 2, 1};  // 16 MB hold 100 rows
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].rows, rows[i]);
    const ParquetInput input = ParquetInput::Open(output.Child(parts[i].name)).ValueOrDie();
    EXPECT_EQ(input.metadata()->num_rows(), rows[i]);
    EXPECT_EQ(input.metadata()->num_row_groups(), groups[i]);
    const FeaturePartInfo info = FeaturePartInfo::FromKeyValues(KeyValues(*input.metadata()), "part").ValueOrDie();
    EXPECT_EQ(info.first_block, static_cast<std::int64_t>(i));
    EXPECT_EQ(info.block_rows, std::vector<std::int64_t>{rows[i]});
    EXPECT_EQ(info.extractor, "test");
  }
}

TEST(Join, KeepsThumbnails) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 10, 2, {4});
  const auto thumbnails = ReadThumbnails(output.Child("_pomona/thumbnails.arrow")).ValueOrDie();
  EXPECT_EQ(thumbnails.size(), 4U);
  EXPECT_EQ(thumbnails.at("p100008"), "t8");
}

TEST(Join, NothingGoodIsAnEmptyPart) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 2, 3, {0, 1});
  const ParquetInput input = ParquetInput::Open(output.Child("features/part-00000.parquet")).ValueOrDie();
  EXPECT_EQ(input.metadata()->num_rows(), 0);
}

}  // namespace
}  // namespace pomona
