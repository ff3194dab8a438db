#include "pomona/pipeline/memory_plan.h"

#include <algorithm>
#include <limits>

#include "pomona/base/resources.h"
#include "pomona/base/text.h"
#include "pomona/pipeline/manifest.h"

namespace pomona {
namespace {

std::string Limited(std::int64_t limit, std::int64_t room) {
  return "memory is limited to " + HumanBytes(static_cast<double>(limit)) + ", of which " +
         HumanBytes(static_cast<double>(room)) + " are free: ";
}

}  // namespace

std::int64_t MemoryAllowed(std::int64_t asked) { return asked > 0 ? asked : MemoryLimit(); }

BatchPlan PlanBatches(std::int64_t limit, std::int64_t resident, int threads, std::int64_t batch_bytes) {
  const std::int64_t room = std::max<std::int64_t>(limit - resident, 0);
  const std::int64_t wanted = std::max<std::int64_t>(8, 4 * static_cast<std::int64_t>(threads));
  const std::int64_t affordable = room / 4 / std::max<std::int64_t>(batch_bytes, 1);
  BatchPlan plan;
  plan.batches_ahead = std::clamp<std::int64_t>(affordable, threads, wanted);
  if (plan.batches_ahead < wanted) {
    plan.message = Limited(limit, room) + std::to_string(plan.batches_ahead) + " batches of features instead of " +
                   std::to_string(wanted) + " may wait to be written";
  }
  return plan;
}

BlockPlan PlanBlocks(std::int64_t limit, std::int64_t resident, int threads, std::int64_t dim) {
  // A thread holds a block as it was read (once more while it is put together) and as float64.
  constexpr std::int64_t kCopies = 4;
  const std::int64_t bytes = std::max<std::int64_t>(kCopies * kBlockRows * dim * std::int64_t{sizeof(float)}, 1);
  const std::int64_t room = std::max<std::int64_t>(limit - resident, 0);
  BlockPlan plan;
  plan.threads = static_cast<int>(std::clamp<std::int64_t>(room / bytes, 1, threads));
  if (room < bytes) {
    plan.message = Limited(limit, room) + "fit and projection need about " + HumanBytes(static_cast<double>(bytes)) +
                   " for " + HumanCount(dim) + " features, so they will hold more than is allowed";
  } else if (plan.threads < threads) {
    plan.message = Limited(limit, room) + "fit and projection run on " + std::to_string(plan.threads) + " of " +
                   std::to_string(threads) + " threads";
  }
  return plan;
}

std::int64_t MostImageBytes(std::int64_t memory_allowed, std::int64_t max_pixels) {
  constexpr std::int64_t kBytesAPixel = 8;
  constexpr std::int64_t kOtherContent = 64'000'000;
  const std::int64_t pixels = std::min(max_pixels, std::numeric_limits<std::int64_t>::max() / (2 * kBytesAPixel));
  return std::min(kBytesAPixel * pixels + kOtherContent, memory_allowed / 4);
}

std::int64_t EngineMemory(std::int64_t limit, std::int64_t resident, int threads) {
  // Arrow's and the program's libraries grow by so much once they work, and each thread decodes photographs.
  constexpr std::int64_t kShared = 24'000'000;
  constexpr std::int64_t kEachThread = 8'000'000;
  return std::max<std::int64_t>(limit - resident - kShared - threads * kEachThread, 1);
}

}  // namespace pomona
