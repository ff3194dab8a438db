#include "pomona/pipeline/inventory.h"

#include <gtest/gtest.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

// Reports themselves are read in the tests against MinIO.
TEST(Inventory, IsKnownByItsNameAndReadFromS3Only) {
  EXPECT_TRUE(IsInventory("s3://reports/photos/all/2026-11-22T01-00Z/manifest.json"));
  EXPECT_FALSE(IsInventory("s3://reports/photos/list.csv"));
  ManifestRows rows("");
  InputNames names(false);
  const Labeler labeler = Labeler::Make({}).ValueOrDie();
  EXPECT_TRUE(
      IsUsageError(ReadInventory(Location::Parse("/tmp/x/manifest.json").ValueOrDie(), labeler, &names, &rows)));
}

}  // namespace
}  // namespace pomona
