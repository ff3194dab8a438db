#include "pomona/models/linked_libraries.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(LinkedLibraries, LoadedIsWhatTheProgramWasBuiltWith) {
  const auto versions = LinkedLibraries();
  ASSERT_EQ(versions.size(), 2U);
  for (const LinkedLibrary& version : versions) {
    EXPECT_FALSE(version.built.empty()) << version.name;
    EXPECT_EQ(version.built, version.loaded) << version.name;
  }
}

TEST(LinkedLibraries, MismatchShows) {
  EXPECT_FALSE((LinkedLibrary{"Arrow", "26.0.1", "26.0.2"}.matches()));
  EXPECT_TRUE((LinkedLibrary{"Arrow", "26.0.1", "26.0.1"}.matches()));
}

}  // namespace
}  // namespace pomona
