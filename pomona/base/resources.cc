#include "pomona/base/resources.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#include <arrow/memory_pool.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace pomona {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<double> Number(const fs::path& path) {
  const std::optional<std::string> line = FirstLine(path);
  if (!line) return std::nullopt;
  std::istringstream text(*line);
  double value = 0;
  if (!(text >> value)) return std::nullopt;
  return value;
}

/// The folders of this process's cgroup under `root` and all its parents, the root last. `controller` is "" for v2.
std::vector<fs::path> CgroupFolders(const fs::path& root, std::string_view controller) {
  std::ifstream file("/proc/self/cgroup");
  std::string own = "/";
  for (std::string line; std::getline(file, line);) {  // "4:cpu,cpuacct:/a/b" or "0::/a/b"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool matches =
        controller.empty() ? names == ",," : names.find("," + std::string(controller) + ",") != std::string::npos;
    if (matches) own = line.substr(second + 1);
  }
  std::vector<fs::path> folders;
  for (fs::path path = fs::path(own).relative_path(); !path.empty(); path = path.parent_path())
    folders.push_back(root / path);
  folders.push_back(root);
  return folders;
}

/// Processors' worth of time the cgroups allow, or infinity.
double CpuQuota() {
  double quota = std::numeric_limits<double>::infinity();
  for (const fs::path& folder : CgroupFolders("/sys/fs/cgroup", "")) {
    const std::optional<std::string> line = FirstLine(folder / "cpu.max");  // "max 100000" or "200000 100000"
    if (!line) continue;
    std::istringstream text(*line);
    double limit = 0;
    double period = 0;
    if (text >> limit >> period && limit > 0 && period > 0) quota = std::min(quota, limit / period);
  }
  for (const fs::path& folder : CgroupFolders("/sys/fs/cgroup/cpu", "cpu")) {
    const std::optional<double> limit = Number(folder / "cpu.cfs_quota_us");
    const std::optional<double> period = Number(folder / "cpu.cfs_period_us");
    if (limit && period && *limit > 0 && *period > 0) quota = std::min(quota, *limit / *period);
  }
  return quota;
}

/// A line of /proc/self/status that gives kilobytes.
std::optional<std::int64_t> StatusBytes(std::string_view name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size())) * 1024;
  }
  return std::nullopt;
}

std::optional<std::int64_t> SoftLimit(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<std::int64_t>(limit.rlim_cur);
}

}  // namespace

ResourceLimits ResourceLimits::OfThisProcess() {
  return {SoftLimit(RLIMIT_AS), SoftLimit(RLIMIT_FSIZE), SoftLimit(RLIMIT_NOFILE)};
}

std::optional<std::int64_t> SecondLevelCacheBytes() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  if (const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) return bytes;  // NOLINT(google-runtime-int)
#endif
  return std::nullopt;
}

int UsableThreads() {
  int threads = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) threads = CPU_COUNT(&mask);
  const double quota = CpuQuota();
  if (quota < threads) threads = static_cast<int>(std::ceil(quota));
  return std::max(threads, 1);
}

std::int64_t MemoryLimit() {
  double limit = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  for (const fs::path& folder : CgroupFolders("/sys/fs/cgroup", "")) {
    limit = std::min(limit, Number(folder / "memory.max").value_or(limit));  // "max" is no number
  }
  for (const fs::path& folder : CgroupFolders("/sys/fs/cgroup/memory", "memory")) {
    limit = std::min(limit, Number(folder / "memory.limit_in_bytes").value_or(limit));
  }
  return static_cast<std::int64_t>(limit);
}

std::int64_t ResidentBytes() { return StatusBytes("VmRSS:").value_or(PeakResidentBytes()); }

std::int64_t PeakResidentBytes() {
  // VmHWM, not ru_maxrss: the latter also counts the parent before exec.
  if (const auto bytes = StatusBytes("VmHWM:")) return *bytes;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

void ReleaseFreeMemory() {
  arrow::default_memory_pool()->ReleaseUnused();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    if (value != std::string::npos) return line.substr(value);
  }
  return "unknown";
}

std::vector<std::string> InstructionSets() {
  std::vector<std::string> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) sets.emplace_back("sse4.2");
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.emplace_back("avx2");
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    sets.emplace_back("avx512");
  }
  if (__builtin_cpu_supports("avx512vnni")) sets.emplace_back("avx512-vnni");
  // GCC 12 has no names for these; the kernel's list has.
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags")) continue;
    const std::string flags = line + " ";
    if (flags.find(" avx512_bf16 ") != std::string::npos) sets.emplace_back("avx512-bf16");
    if (flags.find(" amx_bf16 ") != std::string::npos) sets.emplace_back("amx-bf16");
    if (flags.find(" amx_int8 ") != std::string::npos) sets.emplace_back("amx-int8");
    break;
  }
#elif defined(__aarch64__)
  sets.emplace_back("neon");
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Features")) continue;
    if ((line + " ").find(" sve ") != std::string::npos) sets.emplace_back("sve");
    break;
  }
#endif
  return sets;
}

}  // namespace pomona
