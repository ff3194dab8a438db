#pragma once

#include <cstdint>
#include <string>

#include "pomona/base/json.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief A process among all machines, so that somebody else can find out whether it still lives.
struct ProcessIdentity {
  std::string host;
  std::int64_t pid = 0;
  std::int64_t started_ticks = 0;  ///< since the machine's start; tells a process from a later one with its number
  std::string boot;                ///< of the machine's present uptime
  std::string pid_namespace;       ///< a container counts its processes on its own

  static ProcessIdentity Self();

  Json ToJson() const;
  static Result<ProcessIdentity> FromJson(const Json& json, std::string_view origin);
};

enum class ProcessLife {
  kAlive,
  kDead,
  kUnknown,  ///< it runs, or ran, where this process cannot look: on another machine or in another container
};

/// Thread safety: calls may run together.
ProcessLife LifeOf(const ProcessIdentity& process);

}  // namespace pomona
