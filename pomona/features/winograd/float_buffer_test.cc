#include "pomona/features/winograd/float_buffer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace pomona::winograd {
namespace {

TEST(FloatBuffer, IsAlignedAndZero) {
  for (const std::size_t floats : {std::size_t{1}, std::size_t{1000}, std::size_t{3} << 20}) {
    const FloatBuffer buffer(floats);
    ASSERT_NE(buffer.data(), nullptr);
    EXPECT_EQ(buffer.size(), floats);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_TRUE(std::all_of(buffer.data(), buffer.data() + floats, [](float value) { return value == 0; }));
  }
}

TEST(FloatBuffer, MovesAndIsEmptyByDefault) {
  FloatBuffer empty;
  EXPECT_EQ(empty.data(), nullptr);
  EXPECT_EQ(FloatBuffer(0).data(), nullptr);
  FloatBuffer first(100);
  first.data()[99] = 7;
  FloatBuffer second(std::move(first));
  EXPECT_EQ(second.data()[99], 7);
  empty = std::move(second);
  EXPECT_EQ(empty.size(), 100U);
  EXPECT_EQ(empty.data()[99], 7);
}

TEST(FloatBuffer, SaysWhenThereIsNoMemory) {
  const FloatBuffer absurd(std::size_t{1} << 59);
  EXPECT_EQ(absurd.data(), nullptr);
  EXPECT_EQ(absurd.size(), 0U);
}

}  // namespace
}  // namespace pomona::winograd
