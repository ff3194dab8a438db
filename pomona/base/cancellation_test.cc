#include "pomona/base/cancellation.h"

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(Cancellation, FailsOnlyAfterCancel) {
  Cancellation cancellation;
  EXPECT_TRUE(cancellation.Check().ok());
  cancellation.Cancel();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_TRUE(cancellation.Check().IsCancelled());
}

}  // namespace
}  // namespace pomona
