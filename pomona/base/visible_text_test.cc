#include "pomona/base/visible_text.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(VisibleTextTest, LeavesLettersOfAllScripts) {
  for (const char* text : {"", "a b/c.jpg", "Äpfel/苹果.jpg", "תפוח", "🍏\u00A0x", "a[U+202E]"}) {
    EXPECT_EQ(VisibleText(text), text);
  }
}

TEST(VisibleTextTest, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(VisibleText("\x1b[2J\x1b]0;title\ax"), "␛[2J␛]0;title␇x");
  EXPECT_EQ(VisibleText("a\nerror: b\r\tc\x7F"), "a␊error: b␍␉c␡");
  EXPECT_EQ(VisibleText("a\u009B2Jb\u0085"), "a[U+009B]2Jb[U+0085]");
  EXPECT_EQ(VisibleText("\u202Egpj.exe\u2066\u200F\u061C"), "[U+202E]gpj.exe[U+2066][U+200F][U+061C]");
  EXPECT_EQ(VisibleText("a\u2028b\u2029"), "a[U+2028]b[U+2029]");
  EXPECT_EQ(VisibleText("\x9B"
                        "2J\xC2"),
            "%9B2J%C2");
}

}  // namespace
}  // namespace pomona
