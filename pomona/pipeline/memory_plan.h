#pragma once

#include <cstdint>
#include <string>

namespace pomona {

/// \return bytes that may be held: what was asked for, or what the machine and its cgroups allow where that is 0
std::int64_t MemoryAllowed(std::int64_t asked);

/// \brief Batches of features that may wait to be written.
struct BatchPlan {
  std::int64_t batches_ahead = 8;
  std::string message;  ///< for people, when memory allows less than the threads would use; else ""
};

/// \param[in] limit bytes that may be held in all
/// \param[in] resident what the process holds already, the opened model included
/// \param[in] batch_bytes features of one batch
BatchPlan PlanBatches(std::int64_t limit, std::int64_t resident, int threads, std::int64_t batch_bytes);

/// \brief Threads that fit and project blocks of rows, each with a block of its own.
struct BlockPlan {
  int threads = 1;
  std::string message;  ///< as above, and where even one thread needs more than is allowed
};

/// \param[in] limit, resident as for `PlanBatches`
/// \param[in] dim features of a row
BlockPlan PlanBlocks(std::int64_t limit, std::int64_t resident, int threads, std::int64_t dim);

/// \brief Bytes that the file of one image may have: what 64-bit pixels take, and 64 MB for what else is in it, but no
/// more than a quarter of the memory that is allowed.
std::int64_t MostImageBytes(std::int64_t memory_allowed, std::int64_t max_pixels);

/// \brief What is left for the network of a run: the limit less what is resident, and less what reading, decoding and
/// writing take on every thread; at least 1.
std::int64_t EngineMemory(std::int64_t limit, std::int64_t resident, int threads);

}  // namespace pomona
