#include "pomona/pipeline/change.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "pomona/pipeline/run.h"
#include "pomona/pipeline/testing_folder.h"
#include "pomona/pipeline/testing_run.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing_folder::CopyPhotos;
using testing_folder::TempFolder;
using testing_folder::WriteFile;
using testing_run::Pixels;
using testing_run::RunAll;

class ChangeTest : public ::testing::Test {
 protected:
  ChangeTest() {
    CopyPhotos("Kiwi", folder_ / "in/Kiwi", 1);
    WriteFile(folder_ / "in/bad.jpg", "no image");
    EXPECT_TRUE(RunAll(Pixels(folder_ / "in", folder_ / "out")).ok());
    const Location root = Location::Parse(folder_ / "out").ValueOrDie();
    previous_ = PreviousRows::Open(root, 1, PreviousRows::Retry::kReading).ValueOrDie();
    all_ = PreviousRows::Open(root, 1, PreviousRows::Retry::kAll).ValueOrDie();
  }

  /// The rows of the earlier manifest, as a listing would give them again.
  ManifestRows Listed() const {
    ManifestRows rows(folder_.path().string() + "/in/");
    const auto block = previous_->manifest().ReadBlock(0).ValueOrDie();
    for (std::int64_t i = 0; i < block->size(); ++i) {
      const ManifestRow row = block->row(i);
      rows.Add(row.key, row.label, row.size, row.mtime_ns);
    }
    return rows;
  }

  TempFolder folder_;
  std::unique_ptr<PreviousRows> previous_;
  std::unique_ptr<PreviousRows> all_;
};

TEST_F(ChangeTest, TheSameListingIsNoChange) {
  const std::int64_t images = previous_->manifest().size();
  const ChangedInput same = MergeListing(Listed(), *previous_, false).ValueOrDie();
  EXPECT_TRUE(same.counts.nothing());
  EXPECT_EQ(same.counts.images, images);
  EXPECT_EQ(same.counts.reused(), images);
  const ChangedInput retried = MergeListing(Listed(), *all_, false).ValueOrDie();
  EXPECT_EQ(retried.counts.retried, 1) << "what is no image now was none before, but all are to be tried";
}

TEST_F(ChangeTest, CountsWhatIsNewChangedRelabelledAndGone) {
  const ManifestRows listed = Listed();
  for (const bool mirror : {false, true}) {
    ManifestRows now(listed.prefix());
    now.Add("Apple/new.jpg", "Apple", 10, 5);
    for (std::int64_t i = 0; i < listed.size(); ++i) {
      const ManifestRow row = listed.row(i);
      if (i == 3) continue;
      const std::int64_t size = i == 5 ? row.size + 1 : row.size;
      const std::int64_t mtime = i == 6 ? row.mtime_ns + 1 : row.mtime_ns;
      now.Add(row.key, i == 7 ? "other" : row.label, size, mtime);
    }
    now.Sort();
    const ChangedInput changed = MergeListing(std::move(now), *previous_, mirror).ValueOrDie();
    EXPECT_EQ(changed.counts.added, 1);
    EXPECT_EQ(changed.counts.changed, 2);
    EXPECT_EQ(changed.counts.relabelled, 1);
    EXPECT_EQ(changed.counts.gone, 1);
    EXPECT_EQ(changed.rows.size(), mirror ? listed.size() : listed.size() + 1);
    EXPECT_EQ(ChangeCounts::FromJson(changed.counts.ToJson()).ToJson(), changed.counts.ToJson());
    for (std::int64_t i = 1; i < changed.rows.size(); ++i) {
      EXPECT_LT(changed.rows.row(i - 1).path, changed.rows.row(i).path);
    }
  }
}

TEST_F(ChangeTest, FailuresAreLookedAtAgain) {
  const Location input = Location::Parse(folder_ / "in").ValueOrDie();
  const std::string prefix = folder_.path().string() + "/in/";
  const ChangedInput same = LookAtFailures(*all_, prefix, input, {}, nullptr).ValueOrDie();
  EXPECT_EQ(same.counts.retried, 1);
  EXPECT_EQ(same.counts.replaced, 0);
  EXPECT_EQ(same.rows.size(), all_->manifest().size());
  WriteFile(folder_ / "in/bad.jpg", testing_folder::AnyPhoto());
  const ChangedInput replaced = LookAtFailures(*all_, prefix, input, {}, nullptr).ValueOrDie();
  EXPECT_EQ(replaced.counts.replaced, 1);
  fs::remove(folder_ / "in/bad.jpg");
  const ChangedInput missing = LookAtFailures(*all_, prefix, input, {}, nullptr).ValueOrDie();
  EXPECT_EQ(missing.counts.retried, 1);
  EXPECT_EQ(missing.counts.replaced, 0);
}

}  // namespace
}  // namespace pomona
