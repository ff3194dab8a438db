#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "pomona/base/cancellation.h"
#include "pomona/base/parallel.h"
#include "pomona/base/status.h"
#include "pomona/learn/pool.h"

namespace pomona {

/// \brief Merges one state per block along a fixed binary tree over the block numbers.
///
/// Node i of level h merges nodes 2i and 2i + 1 of level h - 1; level 0 is the blocks; a node without a right sibling
/// passes up unchanged. Which states are merged with which, and in which order, follows from `count` alone: the
/// result has the same bits whatever the number of threads. A state is merged as soon as its sibling is there, so at
/// most threads * (log2(count) + 2) states exist at a time, never one a block.
///
/// Thread safety: `Insert` may be called by several threads at once.
template <typename State>
class MergeTree {
 public:
  /// \param[in] spare where states go that were merged into others; may be null
  explicit MergeTree(std::int64_t count, Pool<State>* spare = nullptr) : count_(count), spare_(spare) {}

  /// \brief Gives the state of one block; each block once, in any order.
  ///
  /// \return what `State::Merge` says; the tree must not be used further then
  Status Insert(std::int64_t block, State state) {
    std::int64_t width = count_;  // nodes of this level
    int level = 0;
    std::int64_t node = block;
    while (width > 1) {
      const std::int64_t sibling = node ^ 1;
      if (sibling < width) {
        std::optional<State> other = TakeOrLeave(level, node, sibling, state);
        if (!other) return Status::OK();
        if (sibling < node) std::swap(state, *other);
        ARROW_RETURN_NOT_OK(state.Merge(*other));
        if (spare_ != nullptr) spare_->Give(*std::move(other));
      }
      node /= 2;
      width = (width + 1) / 2;
      ++level;
    }
    const std::scoped_lock lock(mutex_);
    root_ = std::move(state);
    return Status::OK();
  }

  /// \return the state of all blocks, once every block was given
  Result<State> Finish() {
    const std::scoped_lock lock(mutex_);
    if (!root_) return Status::Invalid("merge tree: not all of ", count_, " blocks were given");
    return std::move(*root_);
  }

 private:
  // Takes the sibling's state when it waits; otherwise leaves ours for it.
  std::optional<State> TakeOrLeave(int level, std::int64_t node, std::int64_t sibling, State& state) {
    const std::scoped_lock lock(mutex_);
    const auto found = waiting_.find({level, sibling});
    if (found == waiting_.end()) {
      waiting_.emplace(std::pair(level, node), std::move(state));
      return std::nullopt;
    }
    std::optional<State> other = std::move(found->second);
    waiting_.erase(found);
    return other;
  }

  std::int64_t count_;
  Pool<State>* spare_;
  std::mutex mutex_;
  std::map<std::pair<int, std::int64_t>, State> waiting_;
  std::optional<State> root_;
};

/// \brief Makes the state of each block in parallel and merges them by `MergeTree`.
///
/// \param[in] make `Result<State>(std::int64_t block, std::optional<State> spare)`, called by several threads at once;
///            `spare` is a state that is no longer needed, whose memory may be used
/// \return Invalid when `count` is 0; the error of the lowest block that failed; Cancelled
template <typename State, typename MakeState>
Result<State> MergeBlocks(std::int64_t count, int threads, const MakeState& make, const Cancellation* cancellation) {
  Pool<State> spare;
  MergeTree<State> tree(count, &spare);
  ARROW_RETURN_NOT_OK(ParallelFor(
      count, threads,
      [&](std::int64_t block) -> Status {
        ARROW_ASSIGN_OR_RAISE(State state, make(block, spare.Take()));
        return tree.Insert(block, std::move(state));
      },
      cancellation));
  return tree.Finish();
}

}  // namespace pomona
