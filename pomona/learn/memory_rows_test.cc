#include "pomona/learn/memory_rows.h"

#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

TEST(MemoryRowsTest, BlocksOf1024) {
  std::vector<float> values(2500 * 2);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const MemoryRows rows({values.data(), 2500, 2});
  EXPECT_EQ(rows.block_count(), 3);
  ASSERT_TRUE(rows.Visit(2,
                         [](const RowBlock& block) {
                           EXPECT_EQ(block.rows.rows, 452);
                           EXPECT_EQ(block.rows(1, 1), 4099.0F);
                           EXPECT_EQ(block.name(1), "row 2049");
                           return Status::OK();
                         })
                  .ok());
  EXPECT_EQ(MemoryRows({values.data(), 0, 2}).block_count(), 0);
}

}  // namespace
}  // namespace pomona
