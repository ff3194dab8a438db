#include "pomona/storage/file_version.h"

#include <gtest/gtest.h>

#include "pomona/base/failure.h"

namespace pomona {
namespace {

TEST(FileVersion, ATagOfASizeIsNoStoresTag) {
  const std::string tag = SizeTag(1234, 5);
  EXPECT_EQ(SizeInTag(tag), 1234);
  EXPECT_EQ(StoreTag(tag), "");
  EXPECT_NE(tag, SizeTag(1234, 6));
  EXPECT_EQ(StoreTag("d41d8cd98f00b204e9800998ecf8427e"), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(SizeInTag("d41d8cd98f00b204e9800998ecf8427e"), std::nullopt);
  EXPECT_EQ(SizeInTag(""), std::nullopt);
}

TEST(FileVersion, TellsAnotherFileByTimeAndBySize) {
  const std::string tag = SizeTag(1000, 7);
  const FileVersion inside{10, 7, tag};  // an image of ten bytes in an archive of a thousand
  EXPECT_TRUE(CheckVersion(inside, 1000, 7).ok());
  EXPECT_TRUE(CheckVersion(inside, 1000, 0).ok());  // a store that tells no time
  EXPECT_EQ(FailureCodeOf(CheckVersion(inside, 1000, 8)), FailureCode::kChanged);
  EXPECT_EQ(FailureCodeOf(CheckVersion(inside, 1001, 7)), FailureCode::kChanged);
  EXPECT_TRUE(CheckVersion({}, 5, 6).ok());
  EXPECT_EQ(FailureCodeOf(CheckSize(5, 6)), FailureCode::kChanged);
  EXPECT_TRUE(CheckSize(-1, 6).ok());
}

}  // namespace
}  // namespace pomona
