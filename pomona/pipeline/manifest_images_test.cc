#include "pomona/pipeline/manifest_images.h"

#include <string>

#include <gtest/gtest.h>

#include "pomona/base/failure.h"
#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;
using testing_folder::WriteFile;

constexpr std::int64_t kFiles = 2 * kBlockRows + 100;
constexpr std::int64_t kGone = 1500;

/// A manifest of three blocks; one of its files is gone.
class ManifestImagesTest : public testing::Test {
 protected:
  void SetUp() override {
    ManifestRows rows(folder_ / "in/");
    for (std::int64_t i = 0; i < kFiles; ++i) {
      const std::string name = std::to_string(10'000 + i);
      if (i != kGone) WriteFile(folder_.path() / "in" / name, name);
      rows.Add(name, "x", static_cast<std::int64_t>(name.size()), 0);
    }
    const Location place = Location::Parse(folder_ / "manifest.parquet").ValueOrDie();
    ASSERT_TRUE(WriteManifest(rows, place).ok());
    manifest_ = Manifest::Open(place).ValueOrDie();
    places_ = std::make_unique<ImagePlaces>(Location::Parse(folder_ / "in").ValueOrDie());
  }

  void ExpectAllFrom(std::int64_t first, const ManifestImages::Options& options) {
    ManifestImages images(*manifest_, *places_, options, first);
    ManifestImages::Image image{};
    for (std::int64_t i = first; i < kFiles; ++i) {
      ASSERT_TRUE(images.Next(&image, nullptr).ValueOrDie());
      EXPECT_EQ(image.row.key, std::to_string(10'000 + i));
      if (i == kGone) {
        EXPECT_EQ(FailureCodeOf(*image.read), FailureCode::kMissing);
      } else {
        ASSERT_TRUE(image.read->ok()) << image.read->ToString();
        EXPECT_EQ(image.bytes->text(), image.row.key);
      }
    }
    EXPECT_FALSE(images.Next(&image, nullptr).ValueOrDie());
    EXPECT_FALSE(images.Next(&image, nullptr).ValueOrDie());
  }

  TempFolder folder_;
  std::unique_ptr<Manifest> manifest_;
  std::unique_ptr<ImagePlaces> places_;
};

TEST_F(ManifestImagesTest, ComeInOrderFromAnyRowOn) {
  for (const std::int64_t first : {std::int64_t{0}, kBlockRows - 1, kBlockRows, kGone, kFiles - 1, kFiles}) {
    ExpectAllFrom(first, {1'000'000, 8});
  }
}

TEST_F(ManifestImagesTest, ComeInOrderWithHardlyAnyMemory) {
  ExpectAllFrom(0, {12, 3});
  ExpectAllFrom(0, {0, 3});
}

TEST_F(ManifestImagesTest, StopWhenTheyAreCancelled) {
  ManifestImages images(*manifest_, *places_, {}, 0);
  ManifestImages::Image image{};
  Cancellation cancellation;
  ASSERT_TRUE(images.Next(&image, &cancellation).ValueOrDie());
  cancellation.Cancel();
  Status status;
  while (status.ok()) status = images.Next(&image, &cancellation).status();
  EXPECT_TRUE(status.IsCancelled());
  EXPECT_LT(image.row.key, "11000");
}

}  // namespace
}  // namespace pomona
