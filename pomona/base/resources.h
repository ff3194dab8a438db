#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pomona {

/// \brief Threads this process may keep busy: processors of its affinity mask, no more than the CPU quota of its
/// cgroup (v1 or v2) rounded up, and at least 1.
int UsableThreads();

/// \brief Bytes this process may hold: the memory of the machine, or the lowest limit of its cgroups.
std::int64_t MemoryLimit();

/// \brief Limits that a shell or a server sets for a process (`ulimit`); nothing where there is none.
struct ResourceLimits {
  std::optional<std::int64_t> address_space;  ///< bytes (RLIMIT_AS, `ulimit -v`)
  std::optional<std::int64_t> file_size;      ///< bytes (RLIMIT_FSIZE, `ulimit -f`)
  std::optional<std::int64_t> open_files;     ///< files and connections (RLIMIT_NOFILE, `ulimit -n`)

  static ResourceLimits OfThisProcess();
};

/// \brief Bytes of a core's second-level data cache; nothing where the system does not tell.
std::optional<std::int64_t> SecondLevelCacheBytes();

/// \brief Resident size of this process now, in bytes (`VmRSS`).
std::int64_t ResidentBytes();

/// \brief Largest resident size of this process so far, in bytes (`VmHWM`).
std::int64_t PeakResidentBytes();

/// \brief Gives memory that was freed back to the system: what one part of a job needed for a while does not add to
/// what the next one needs. Takes milliseconds.
void ReleaseFreeMemory();

/// \brief Model name of the processor as the system gives it, or "unknown".
std::string ProcessorName();

/// \brief Instruction sets that decide speed or bits, the strongest last: "sse4.2", "avx2", "avx512",
/// "avx512-bf16", "avx512-vnni", "amx-bf16", "amx-int8" on x86; "neon", "sve" on Arm.
std::vector<std::string> InstructionSets();

}  // namespace pomona
