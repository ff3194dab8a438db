#include "pomona/learn/pool.h"

#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(PoolTest, GivesBackTheSameMemory) {
  Pool<std::vector<int>> pool;
  EXPECT_FALSE(pool.Take().has_value());
  std::vector<int> numbers(100, 7);
  const int* const memory = numbers.data();
  pool.Give(std::move(numbers));
  const auto again = pool.Take();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->data(), memory);
  EXPECT_FALSE(pool.Take().has_value());
}

}  // namespace
}  // namespace pomona
