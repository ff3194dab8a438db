#include "pomona/pipeline/globs.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

bool Matches(std::string_view pattern, std::string_view path) { return Glob(pattern).Matches(path); }

TEST(Globs, PatternWithoutSlashIsTriedOnTheName) {
  EXPECT_TRUE(Matches("*.jpg", "Kiwi/small/1.jpg"));
  EXPECT_TRUE(Matches("1.jpg", "Kiwi/1.jpg"));
  EXPECT_FALSE(Matches("*.jpg", "Kiwi.jpg/1.png"));
  EXPECT_TRUE(Matches("?.jpg", "Kiwi/1.jpg"));
  EXPECT_FALSE(Matches("?.jpg", "Kiwi/11.jpg"));
}

TEST(Globs, PatternWithSlashIsTriedOnTheWholePath) {
  EXPECT_TRUE(Matches("Kiwi/*", "Kiwi/1.jpg"));
  EXPECT_FALSE(Matches("Kiwi/*", "Kiwi/small/1.jpg"));
  EXPECT_TRUE(Matches("Kiwi/**", "Kiwi/small/1.jpg"));
  EXPECT_FALSE(Matches("Kiwi/*", "More/Kiwi/1.jpg"));
}

TEST(Globs, DoubleStarWithSlashStandsForAnyNumberOfFolders) {
  EXPECT_TRUE(Matches("**/Kiwi/*.jpg", "Kiwi/1.jpg"));
  EXPECT_TRUE(Matches("**/Kiwi/*.jpg", "a/b/Kiwi/1.jpg"));
  EXPECT_FALSE(Matches("**/Kiwi/*.jpg", "a/NotKiwi/1.jpg"));
  EXPECT_TRUE(Matches("a/**/b.jpg", "a/b.jpg"));
  EXPECT_TRUE(Matches("a/**/b.jpg", "a/x/y/b.jpg"));
  EXPECT_FALSE(Matches("a/**/b.jpg", "a/xb.jpg"));
}

TEST(Globs, SetsAndEscapes) {
  EXPECT_TRUE(Matches("[a-c]?.jpg", "b7.jpg"));
  EXPECT_FALSE(Matches("[!a-c]?.jpg", "b7.jpg"));
  EXPECT_TRUE(Matches("[]x].jpg", "].jpg"));
  EXPECT_TRUE(Matches("[x.jpg", "[x.jpg"));
  EXPECT_TRUE(Matches("\\*.jpg", "*.jpg"));
  EXPECT_FALSE(Matches("\\*.jpg", "1.jpg"));
  EXPECT_TRUE(Matches("Apple, red=1%.jpg", "Apple, red=1%.jpg"));
}

TEST(Globs, HardPatternsTakeNoLongerThanEasyOnes) {
  EXPECT_FALSE(Matches(std::string(40, '*') + "a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(Globs, ExcludeWinsOverInclude) {
  const std::vector<Glob> jpg = {Glob("*.jpg")};
  const std::vector<Glob> kiwi = {Glob("Kiwi/**")};
  EXPECT_TRUE(PassesGlobs("Lemon/1.jpg", jpg, kiwi));
  EXPECT_FALSE(PassesGlobs("Kiwi/1.jpg", jpg, kiwi));
  EXPECT_FALSE(PassesGlobs("Lemon/1.png", jpg, kiwi));
  EXPECT_TRUE(PassesGlobs("Lemon/1.png", {}, kiwi));
}

}  // namespace
}  // namespace pomona
