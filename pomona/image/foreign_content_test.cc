#include "pomona/image/foreign_content.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/image/testing_photos.h"

namespace pomona {
namespace {

using ::testing::HasSubstr;

std::string Describe(const std::string& bytes) { return DescribeForeignContent(AsBytes(bytes)); }

TEST(DescribeForeignContent, NamesWhatItSeesAndWhatToDo) {
  EXPECT_THAT(Describe("\n <!DOCTYPE HTML><html>"), HasSubstr("an HTML page"));
  EXPECT_THAT(Describe("<html lang=en>"), HasSubstr("fetch it again"));
  EXPECT_THAT(Describe("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), HasSubstr("XML"));
  EXPECT_THAT(Describe("<?xml version='1.0'?>\n<svg width='5'/>"), HasSubstr("an SVG drawing"));
  EXPECT_THAT(Describe("{\"error\": 404}"), HasSubstr("JSON"));
  EXPECT_THAT(Describe("%PDF-1.7"), HasSubstr("a PDF document"));
  EXPECT_THAT(Describe("PK\x03\x04zip"), HasSubstr("a zip archive"));
  EXPECT_THAT(Describe(std::string("\0\0\0\x1C"
                                   "ftypheic",
                                   12)),
              HasSubstr("a HEIC image"));
  EXPECT_THAT(Describe(std::string("\0\0\0\x1C"
                                   "ftypavif",
                                   12)),
              HasSubstr("convert it to JPEG or PNG"));
  EXPECT_THAT(Describe(std::string("\0\0\0\x1C"
                                   "ftypisom",
                                   12)),
              HasSubstr("video"));
  EXPECT_THAT(Describe("just some words"), HasSubstr("text"));
  EXPECT_THAT(Describe("version https://git-lfs.github.com/spec/v1"), HasSubstr("git lfs pull"));
  EXPECT_THAT(Describe(std::string(500, '\0')), HasSubstr("a block of zeros"));
}

TEST(DescribeForeignContent, ShowsTheFirstBytesOfTheUnknown) {
  EXPECT_THAT(Describe("\x81\x02\xFE"), HasSubstr("81 02 FE"));
  EXPECT_THAT(Describe("\xFF"), HasSubstr("(FF)"));
}

}  // namespace
}  // namespace pomona
