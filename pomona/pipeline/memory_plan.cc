#include "pomona/pipeline/memory_plan.h"

#include <algorithm>
#include <limits>

#include "pomona/base/text.h"

namespace pomona {

MemoryPlan PlanMemory(const MemoryNeeds& needs) {
  // A thread of the fit holds a block as it was read (once more while it is put together) and as float64.
  constexpr std::int64_t kFitCopies = 4;
  MemoryPlan plan;
  const std::int64_t limit = needs.limit > 0 ? needs.limit : std::numeric_limits<std::int64_t>::max();
  const std::int64_t room = std::max<std::int64_t>(limit - needs.resident, 0);
  const std::int64_t fit_bytes = std::max<std::int64_t>(kFitCopies * needs.block_bytes, 1);
  plan.fit_threads = static_cast<int>(std::clamp<std::int64_t>(room / fit_bytes, 1, needs.threads));

  const std::int64_t wanted = std::max<std::int64_t>(8, 4 * static_cast<std::int64_t>(needs.threads));
  const std::int64_t affordable = room / 4 / std::max<std::int64_t>(needs.batch_bytes, 1);
  plan.batches_ahead = std::clamp<std::int64_t>(affordable, needs.threads, wanted);
  if (plan.fit_threads == needs.threads && plan.batches_ahead == wanted) return plan;
  plan.message = "memory is limited to " + HumanBytes(static_cast<double>(limit)) + ", of which " +
                 HumanBytes(static_cast<double>(room)) + " are free: " + std::to_string(plan.fit_threads) + " of " +
                 std::to_string(needs.threads) + " threads fit, " + std::to_string(plan.batches_ahead) + " of " +
                 std::to_string(wanted) + " batches wait to be written";
  return plan;
}

std::int64_t EngineMemory(std::int64_t limit, std::int64_t resident, int threads) {
  // Arrow's and the program's libraries grow by so much once they work, and each thread decodes photographs.
  constexpr std::int64_t kShared = 24'000'000;
  constexpr std::int64_t kEachThread = 8'000'000;
  if (limit <= 0) return 0;
  return std::max<std::int64_t>(limit - resident - kShared - threads * kEachThread, 1);
}

}  // namespace pomona
