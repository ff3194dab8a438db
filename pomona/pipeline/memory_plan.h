#pragma once

#include <cstdint>
#include <string>

namespace pomona {

/// \brief How many bytes may be held, and by what.
struct MemoryNeeds {
  std::int64_t limit = 0;     ///< what may be held in all; 0: not limited
  std::int64_t resident = 0;  ///< what the process holds already, the opened model included
  int threads = 1;
  std::int64_t batch_bytes = 0;  ///< features of one batch
  std::int64_t block_bytes = 0;  ///< features of one block, as float32
};

/// \brief Threads and batches that fit.
struct MemoryPlan {
  int fit_threads = 1;             ///< that hold a block each, as float32 and float64
  std::int64_t batches_ahead = 8;  ///< batches that may wait to be written
  std::string message;             ///< for people, when memory allows less than the threads would do; else ""
};

/// \brief Bounds what grows with threads and features; never below one thread.
MemoryPlan PlanMemory(const MemoryNeeds& needs);

/// \brief What is left for the network of a run: the limit less what is resident, and less what reading, decoding and
/// writing take on every thread; at least 1 where there is a limit.
///
/// \param[in] limit bytes that may be held in all; 0: not limited, and so is the result
std::int64_t EngineMemory(std::int64_t limit, std::int64_t resident, int threads);

}  // namespace pomona
