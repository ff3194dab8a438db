#include "pomona/storage/list_if_there.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

TEST(ListIfThere, AFolderThatIsNotThereHoldsNothing) {
  const fs::path folder = fs::path(testing::TempDir()) / ("pomona_if_there_" + std::to_string(getpid()));
  fs::remove_all(folder);
  const Location place = Location::Parse(folder.native()).ValueOrDie();
  EXPECT_TRUE(ListIfThere(place).ValueOrDie().files.empty());
  std::ofstream(folder) << "a file";
  EXPECT_TRUE(ListIfThere(place).status().IsIOError());
  EXPECT_FALSE(IsUsageError(ListIfThere(place).status()));
  fs::remove(folder);
}

}  // namespace
}  // namespace pomona
