#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pomona/base/resources.h"
#include "pomona/models/linked_libraries.h"

namespace pomona::cli {

/// \brief What `pomona doctor` finds out about the machine and the program.
struct MachineFacts {
  std::string processor;
  std::vector<std::string> instruction_sets;  ///< see base/resources.h
  int online_processors = 1;
  int affinity_processors = 1;  ///< those this process may run on
  int usable_threads = 1;       ///< the same, no more than the cgroup's quota
  double load = 0;              ///< runnable processes, mean over a minute

  std::int64_t memory_bytes = 0;  ///< of the machine
  std::int64_t memory_limit = 0;  ///< of this process: the same or the cgroup's limit
  std::int64_t memory_free = 0;   ///< that the system could give now
  std::int64_t swap_used_bytes = 0;
  ResourceLimits limits;

  bool optimised = true;  ///< compiled as a release
  bool sanitized = false;
  std::string openvino_error;  ///< why OpenVINO cannot run, or ""
  std::vector<LinkedLibrary> libraries;
  bool vgg16_cached = true;

  static MachineFacts Read();
};

/// \brief Why so many threads, in words: "2: all processors", "2 of 64: the affinity mask allows no more".
std::string ThreadsText(const MachineFacts& facts);

/// \brief What runs vgg16 and vgg19 at f32 here, and why: "native: at f32 ...".
std::string EngineText(const MachineFacts& facts);

/// \brief What would be slow on this machine, or not work, and why; one line each, none when all is well.
std::vector<std::string> Findings(const MachineFacts& facts);

}  // namespace pomona::cli
