#include "pomona/pipeline/sample.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace pomona {
namespace {

std::vector<SampleCandidate> Rows(const std::vector<int>& sizes) {
  std::vector<SampleCandidate> rows;
  for (std::size_t label = 0; label < sizes.size(); ++label) {
    for (int i = 0; i < sizes[label]; ++i) {
      rows.push_back({static_cast<std::int32_t>(label), PathHash(std::to_string(label) + "/" + std::to_string(i))});
    }
  }
  return rows;
}

std::map<int, int> Counts(const std::vector<SampleCandidate>& rows, const std::vector<std::int64_t>& chosen) {
  std::map<int, int> counts;
  for (const std::int64_t row : chosen) ++counts[rows[static_cast<std::size_t>(row)].label];
  return counts;
}

TEST(Sample, HashIsFixedForEver) {
  EXPECT_EQ(PathHash(""), 0xf52a15e9a9b5e89bULL);
  EXPECT_EQ(PathHash("data/Kiwi/1.jpg"), PathHash(std::string_view("data/Kiwi/1.jpg and more").substr(0, 15)));
  EXPECT_NE(PathHash("data/Kiwi/1.jpg"), PathHash("data/Kiwi/2.jpg"));
}

TEST(Sample, IsSpreadEvenlyOverLabels) {
  const auto rows = Rows({100, 100, 100});
  const auto chosen = SpreadSample(rows, 30);
  EXPECT_EQ(Counts(rows, chosen), (std::map<int, int>{{0, 10}, {1, 10}, {2, 10}}));
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
}

TEST(Sample, SmallLabelsGiveAllTheyHave) {
  const auto rows = Rows({2, 100, 50, 1});
  EXPECT_EQ(Counts(rows, SpreadSample(rows, 43)), (std::map<int, int>{{0, 2}, {1, 20}, {2, 20}, {3, 1}}));
}

TEST(Sample, WhatIsLeftOverGoesToTheFirstLabels) {
  const auto rows = Rows({5, 5, 5});
  EXPECT_EQ(Counts(rows, SpreadSample(rows, 5)), (std::map<int, int>{{0, 2}, {1, 2}, {2, 1}}));
  EXPECT_EQ(Counts(rows, SpreadSample(rows, 2)), (std::map<int, int>{{0, 1}, {1, 1}}));
}

TEST(Sample, AllRowsWhenThereAreNotMore) {
  const auto rows = Rows({2, 1});
  EXPECT_EQ(SpreadSample(rows, 3), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(SpreadSample(rows, 100), (std::vector<std::int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace pomona
