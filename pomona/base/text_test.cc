#include "pomona/base/text.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Text, ValidUtf8StaysAsItIs) {
  for (const std::string text : {"", "plain", "Äpfel/Kiwi.jpg", "100%", "a=b,c\nd", "\xF0\x9F\x8D\x8E"}) {
    EXPECT_EQ(ToValidUtf8(text), text);
  }
}

TEST(Text, OtherBytesArePercentEncoded) {
  EXPECT_EQ(ToValidUtf8("\xFF"), "%FF");
  EXPECT_EQ(ToValidUtf8("caf\xE9.jpg"), "caf%E9.jpg");         // Latin-1
  EXPECT_EQ(ToValidUtf8("\xC0\xAF"), "%C0%AF");                // overlong
  EXPECT_EQ(ToValidUtf8("\xED\xA0\x80"), "%ED%A0%80");         // surrogate
  EXPECT_EQ(ToValidUtf8("\xF4\x90\x80\x80"), "%F4%90%80%80");  // above U+10FFFF
  EXPECT_EQ(ToValidUtf8("\xE2\x82"), "%E2%82");                // cut short
}

TEST(Text, NearestWordForgivesSmallMistakes) {
  const std::array<std::string, 4> words = {"run", "features", "models", "--image-size"};
  EXPECT_EQ(NearestWord("feautres", words), "features");
  EXPECT_EQ(NearestWord("rnu", words), "run");
  EXPECT_EQ(NearestWord("--imagesize", words), "--image-size");
  EXPECT_EQ(NearestWord("banana", words), "");
}

TEST(Text, QuantitiesForPeople) {
  EXPECT_EQ(HumanBytes(0), "0 bytes");
  EXPECT_EQ(HumanBytes(999), "999 bytes");
  EXPECT_EQ(HumanBytes(1'500'000), "1.5 MB");
  EXPECT_EQ(HumanBytes(390e6), "390 MB");
  EXPECT_EQ(HumanSeconds(0.416), "0.42 s");
  EXPECT_EQ(HumanSeconds(185), "3 min 05 s");
  EXPECT_EQ(HumanSeconds(7'620), "2 h 07 min");
  EXPECT_EQ(HumanCount(1'234'567), "1,234,567");
  EXPECT_EQ(HumanCount(-123), "-123");
  EXPECT_EQ(HumanCount(1'000), "1,000");
}

}  // namespace
}  // namespace pomona
