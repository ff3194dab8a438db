#include "pomona/pipeline/thumbnails.h"

#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

TEST(Thumbnails, ReadBack) {
  const testing_folder::TempFolder folder;
  const Location place = Location::Parse(folder / "thumbnails.arrow").ValueOrDie();
  EXPECT_TRUE(ReadThumbnails(place)->empty());
  ASSERT_TRUE(WriteThumbnails(place, {{"a/1.jpg", std::string("\xFF\xD8\0x", 4)}, {"a/2.jpg", "y"}}).ok());
  const auto thumbnails = ReadThumbnails(place).ValueOrDie();
  ASSERT_EQ(thumbnails.size(), 2U);
  EXPECT_EQ(thumbnails.at("a/1.jpg"), std::string("\xFF\xD8\0x", 4));
  ASSERT_TRUE(WriteThumbnails(place, {}).ok());
  EXPECT_TRUE(ReadThumbnails(place)->empty());
}

}  // namespace
}  // namespace pomona
