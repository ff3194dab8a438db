#include "pomona/pipeline/pack.h"

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

using testing_folder::CopyPhotos;
using testing_folder::Files;
using testing_folder::TempFolder;
using testing_run::ExpectSameResult;
using testing_run::Pixels;
using testing_run::RunAll;

class PackFormats : public ::testing::TestWithParam<PackFormat> {};
INSTANTIATE_TEST_SUITE_P(All, PackFormats, ::testing::Values(PackFormat::kTar, PackFormat::kParquet));

TEST_P(PackFormats, ARunOnPackedPhotosEqualsOneOnThePhotos) {
  const TempFolder folder;
  CopyPhotos("Kiwi", folder / "in/Kiwi", 1);
  CopyPhotos("Lemon", folder / "in/Lemon", 1);
  ASSERT_TRUE(RunAll(Pixels(folder / "in", folder / "out")).ok());

  const PackSummary packed =
      Pack(Pixels(folder / "in", folder / "packed"), GetParam(), 100'000, nullptr, nullptr).ValueOrDie();
  EXPECT_GT(packed.shards, 1);
  EXPECT_EQ(packed.unreadable, 0);
  EXPECT_EQ(static_cast<std::int64_t>(Files(folder / "packed").size()), packed.shards);

  RunOptions again = Pixels(folder / "packed", folder / "out2");
  const Result<RunSummary> summary = RunAll(again);
  ASSERT_TRUE(summary.ok()) << summary.status().ToString();
  ExpectSameResult(folder / "out", folder / "out2");
}

TEST(Pack, RefusesAPlaceThatHoldsSomething) {
  const TempFolder folder;
  CopyPhotos("Kiwi", folder / "in/Kiwi", 1);
  testing_folder::WriteFile(folder.path() / "out" / "x", "x");
  EXPECT_TRUE(
      IsUsageError(Pack(Pixels(folder / "in", folder / "out"), PackFormat::kTar, 1000, nullptr, nullptr).status()));
  EXPECT_TRUE(
      IsUsageError(Pack(Pixels(folder / "in", folder / "in/out"), PackFormat::kTar, 1000, nullptr, nullptr).status()));
}

}  // namespace
}  // namespace pomona
