#include "pomona/image/resize_kernels.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/highway.h>

namespace pomona {
namespace {

std::int32_t Tap(const AxisTable& table, std::size_t out, std::size_t tap) {
  const std::size_t pair = out * static_cast<std::size_t>(table.pairs) + tap / 2;
  const auto half = [&](std::int32_t both) {
    return tap % 2 == 0 ? static_cast<std::int16_t>(both & 0xFFFF) : both >> 16;
  };
  return half(table.high[pair]) * (1 << kLowBits) + half(table.low[pair]);
}

/// One output sample as the definition says; `step` lies between neighbouring input samples.
std::uint8_t Convolved(const std::uint8_t* samples, std::size_t step, const AxisTable& table, std::size_t out) {
  std::int64_t sum = 1 << (kCoefficientBits - 1);
  for (std::size_t tap = 0; tap < static_cast<std::size_t>(table.count[out]); ++tap) {
    sum += std::int64_t{samples[(static_cast<std::size_t>(table.first[out]) + tap) * step]} * Tap(table, out, tap);
  }
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kCoefficientBits, 0, 255));
}

std::vector<std::uint8_t> Noise(std::size_t size) {
  std::mt19937 random(5);
  std::vector<std::uint8_t> samples(size);
  for (std::uint8_t& sample : samples) sample = random() % 3 == 0 ? 255 : static_cast<std::uint8_t>(random() % 2 * 255);
  return samples;
}

/// Every instruction set this processor has, one after the other; extreme samples show any loss of bits.
class Kernels : public ::testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(Kernels, AlongRows) {
  for (const auto& [in, out] : {std::pair{1, 9}, {9, 1}, {40, 23}, {23, 40}, {500, 31}}) {
    for (const std::size_t rows : {1U, 3U, 4U, 9U}) {
      const AxisTable table = MakeAxisTable(ResizeFilter::kLanczos, in, out);
      const auto stride = static_cast<std::size_t>(in) * 3;
      const std::vector<std::uint8_t> source = Noise(rows * stride + kRowSlack);
      std::vector<std::uint8_t> target(rows * static_cast<std::size_t>(out) * 3);
      ResizeAlongRows(source.data(), stride, rows, table, target.data());
      for (std::size_t i = 0; i < target.size(); ++i) {
        const std::size_t row = i / 3 / static_cast<std::size_t>(out);
        const std::size_t x = i / 3 % static_cast<std::size_t>(out);
        ASSERT_EQ(target[i], Convolved(source.data() + row * stride + i % 3, 3, table, x))
            << in << " " << out << " " << i;
      }
    }
  }
}

TEST_P(Kernels, AlongColumns) {
  for (const auto& [in, out] : {std::pair{1, 5}, {7, 1}, {40, 23}, {23, 40}, {300, 11}}) {
    for (const std::size_t row_bytes : {3U, 15U, 16U, 33U, 63U, 64U, 96U, 129U}) {
      const AxisTable table = MakeAxisTable(ResizeFilter::kBicubic, in, out);
      const int first_row = table.first.front();
      const std::vector<std::uint8_t> source = Noise(static_cast<std::size_t>(in) * row_bytes);
      std::vector<std::uint8_t> target(static_cast<std::size_t>(out) * row_bytes);
      ResizeAlongColumns(source.data() + static_cast<std::size_t>(first_row) * row_bytes, first_row, row_bytes, table,
                         target.data());
      for (std::size_t i = 0; i < target.size(); ++i) {
        ASSERT_EQ(target[i], Convolved(source.data() + i % row_bytes, row_bytes, table, i / row_bytes))
            << in << " " << out << " " << row_bytes << " " << i;
      }
    }
  }
}

std::vector<std::int64_t> Targets() {
  const std::vector<std::int64_t> all = hwy::SupportedAndGeneratedTargets();
  return all;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, Kernels, ::testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(hwy::TargetName(info.param)); });

}  // namespace
}  // namespace pomona
