#include "pomona/learn/merge_tree.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace pomona {
namespace {

// Writes down how it was merged, and counts how many of its kind live.
struct Trace {
  std::string text;
  Status Merge(const Trace& other) {
    if (other.text == "bad") return Status::Invalid("cannot merge");
    text = "(" + text + " " + other.text + ")";
    return Status::OK();
  }
};

TEST(MergeTreeTest, ShapeFollowsFromTheCount) {
  const std::vector<std::string> expected = {"0",
                                             "(0 1)",
                                             "((0 1) 2)",
                                             "((0 1) (2 3))",
                                             "(((0 1) (2 3)) 4)",
                                             "(((0 1) (2 3)) (4 5))",
                                             "(((0 1) (2 3)) ((4 5) 6))"};
  std::mt19937 random(7);
  for (std::size_t count = 1; count <= expected.size(); ++count) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::int64_t> order(count);
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), random);
      MergeTree<Trace> tree(static_cast<std::int64_t>(count));
      for (const std::int64_t block : order) ASSERT_TRUE(tree.Insert(block, {std::to_string(block)}).ok());
      EXPECT_EQ(tree.Finish().ValueOrDie().text, expected[count - 1]);
    }
  }
}

TEST(MergeTreeTest, AnyNumberOfThreadsMergesAlike) {
  const auto make = [](std::int64_t block, const std::optional<Trace>&) -> Result<Trace> {
    return Trace{std::to_string(block)};
  };
  const std::string alone = MergeBlocks<Trace>(101, 1, make, nullptr).ValueOrDie().text;
  for (int threads = 2; threads <= 8; ++threads) {
    EXPECT_EQ(MergeBlocks<Trace>(101, threads, make, nullptr).ValueOrDie().text, alone);
  }
}

TEST(MergeTreeTest, HoldsFewStatesAtATime) {
  // In order on one thread, at most one state a level waits; those merged away come back as spare ones.
  std::int64_t made = 0;
  const auto make = [&](std::int64_t, std::optional<Trace> spare) -> Result<Trace> {
    if (!spare) ++made;
    return Trace{"x"};
  };
  ASSERT_TRUE(MergeBlocks<Trace>(4096, 1, make, nullptr).ok());
  EXPECT_LE(made, 14);
}

TEST(MergeTreeTest, ErrorsComeThrough) {
  const auto fail = [](std::int64_t block, const std::optional<Trace>&) -> Result<Trace> {
    if (block >= 5) return Status::IOError("block ", block);
    return Trace{"x"};
  };
  EXPECT_EQ(MergeBlocks<Trace>(20, 4, fail, nullptr).status().message(), "block 5");
  const auto bad = [](std::int64_t block, const std::optional<Trace>&) -> Result<Trace> {
    return Trace{block == 3 ? "bad" : "x"};
  };
  EXPECT_EQ(MergeBlocks<Trace>(8, 1, bad, nullptr).status().message(), "cannot merge");
  EXPECT_TRUE(MergeBlocks<Trace>(0, 1, bad, nullptr).status().IsInvalid());
  Cancellation cancelled;
  cancelled.Cancel();
  EXPECT_TRUE(MergeBlocks<Trace>(8, 2, bad, &cancelled).status().IsCancelled());
}

TEST(MergeTreeTest, FinishWantsEveryBlock) {
  MergeTree<Trace> tree(2);
  ASSERT_TRUE(tree.Insert(1, {"1"}).ok());
  EXPECT_TRUE(tree.Finish().status().IsInvalid());
}

}  // namespace
}  // namespace pomona
