#include "pomona/pipeline/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Versions, NameTheLibraries) {
  EXPECT_THAT(PomonaVersion(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(LibraryVersions()["arrow"].get<std::string>(), ::testing::StartsWith("26.0"));
}

}  // namespace
}  // namespace pomona
