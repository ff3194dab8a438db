#include "pomona/base/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace pomona {
namespace {

// Examples of FIPS 180-4 (as published by NIST) and RFC 1321, appendix A.5.
TEST(Hash, Sha256OfKnownText) {
  EXPECT_EQ(Sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, Md5OfKnownText) {
  Hasher hasher(HashKind::kMd5);
  hasher.Update("message digest");
  EXPECT_EQ(hasher.Finish(), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Hash, PiecesEqualTheWhole) {
  const std::string text(100'000, 'x');
  Hasher hasher(HashKind::kSha256);
  for (std::size_t i = 0; i < text.size(); i += 333) hasher.Update(std::string_view(text).substr(i, 333));
  EXPECT_EQ(hasher.Finish(), Sha256(text));
}

// RFC 4231, test case 2.
TEST(Hash, HmacOfKnownText) {
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hash, Base64GoesThereAndBack) {
  EXPECT_EQ(ToBase64("foobar"), "Zm9vYmFy");  // RFC 4648, section 10
  EXPECT_EQ(ToBase64("fo"), "Zm8=");
  EXPECT_EQ(ToBase64(""), "");
  EXPECT_EQ(FromBase64("Zm8="), "fo");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(FromBase64(ToBase64(bytes)), bytes);
}

}  // namespace
}  // namespace pomona
