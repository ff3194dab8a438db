#include "pomona/pipeline/feature_rows.h"

#include <arrow/array.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_features.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;
using testing_folder::TempFolder;

TEST(FeatureRows, BlocksAreManifestIndicesLessFailures) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 2500, 4, {0, 1500, 2499});
  const auto rows = FeatureRows::Open(output.Child("features")).ValueOrDie();
  EXPECT_EQ(rows->dim(), 4);
  EXPECT_EQ(rows->row_count(), 2497);
  ASSERT_EQ(rows->block_count(), 3);
  for (const auto& [block, count, first] : std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>>{
           {2, 451, 2048}, {0, 1023, 1}, {1, 1023, 1024}}) {
    ASSERT_TRUE(rows->Visit(block,
                            [&, count = count, first = first](const RowBlock& seen) {
                              EXPECT_EQ(seen.rows.rows, count);
                              EXPECT_EQ(seen.rows(0, 3), static_cast<float>(first % 17 * 4 + 3));
                              EXPECT_EQ(seen.name(0), "p" + std::to_string(100'000 + first));
                              return Status::OK();
                            })
                    .ok());
    EXPECT_EQ(rows->Names(block).ValueOrDie()->num_rows(), count);
  }
}

TEST(FeatureRows, LargeBlocksLieInSeveralRowGroups) {
  constexpr std::int64_t kDim = 30'000;
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 300, kDim, {7});
  const auto rows = FeatureRows::Open(output.Child("features")).ValueOrDie();
  ASSERT_TRUE(rows->Visit(0,
                          [&](const RowBlock& seen) {
                            EXPECT_EQ(seen.rows.rows, 299);
                            EXPECT_EQ(seen.rows(298, kDim - 1), static_cast<float>(299 % 17 * kDim + kDim - 1));
                            EXPECT_EQ(seen.rows(7, 0), static_cast<float>(8));
                            return Status::OK();
                          })
                  .ok());
}

TEST(FeatureRows, ABlockWithoutGoodRowsIsEmpty) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 2, 3, {0, 1});
  const auto rows = FeatureRows::Open(output.Child("features")).ValueOrDie();
  EXPECT_EQ(rows->row_count(), 0);
  ASSERT_TRUE(rows->Visit(0,
                          [](const RowBlock& seen) {
                            EXPECT_EQ(seen.rows.rows, 0);
                            return Status::OK();
                          })
                  .ok());
}

TEST(FeatureRows, AMissingLastPartIsNoticed) {
  const TempFolder folder;
  const Location output = Location::Parse(folder / "out").ValueOrDie();
  testing_features::MakeFeatures(output, 3 * 1024, 40'000, testing_features::AllBut(3 * 1024, {5, 1030, 2050}));
  ASSERT_TRUE(FeatureRows::Open(output.Child("features")).ok());
  std::filesystem::remove(folder / "out/features/part-00002.parquet");
  EXPECT_THAT(FeatureRows::Open(output.Child("features")).status().message(), HasSubstr("2 of 3 blocks"));
}

TEST(FeatureRows, MixturesAndGapsAreRefused) {
  const TempFolder folder;
  EXPECT_THAT(FeatureRows::Open(Location::Parse(folder / "none").ValueOrDie()).status().message(),
              HasSubstr("there are no features"));
  const Location one = Location::Parse(folder / "one").ValueOrDie();
  const Location other = Location::Parse(folder / "other").ValueOrDie();
  testing_features::MakeFeatures(one, 5, 3);
  testing_features::MakeFeatures(other, 5, 4);
  namespace fs = std::filesystem;
  fs::copy_file(folder / "one/features/part-00000.parquet", folder / "one/features/part-00001.parquet");
  Status status = FeatureRows::Open(one.Child("features")).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("is missing"));
  fs::copy_file(folder / "other/features/part-00000.parquet", folder / "one/features/part-00001.parquet",
                fs::copy_options::overwrite_existing);
  status = FeatureRows::Open(one.Child("features")).status();
  EXPECT_TRUE(IsUsageError(status));
  EXPECT_THAT(status.message(), HasSubstr("they differ in plan"));
}

}  // namespace
}  // namespace pomona
