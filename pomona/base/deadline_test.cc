#include "pomona/base/deadline.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Deadline, PassesAfterItsSeconds) {
  EXPECT_FALSE(Deadline(1000).passed());
  EXPECT_TRUE(Deadline(0).passed());
  EXPECT_EQ(Deadline(7).seconds(), 7);
}

}  // namespace
}  // namespace pomona
