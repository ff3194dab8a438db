#include "pomona/base/exhaustion.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pomona/base/resources.h"
#include "pomona/base/text.h"

namespace pomona {

Status OutOfMemoryError() {
  return Status::OutOfMemory("out of memory: give fewer --threads, a smaller --memory, or a larger machine");
}

std::string MessageWithAdvice(const Status& status) {
  const auto says = [&](std::string_view words) { return status.message().find(words) != std::string::npos; };
  if (!status.IsOutOfMemory() && !says("memory") && !says("launch worker thread")) return status.message();
  const std::optional<std::int64_t> limit = ResourceLimits::OfThisProcess().address_space;
  if (!limit) return status.message();
  return status.message() + ". The address space of this process may not grow beyond " +
         HumanBytes(static_cast<double>(*limit)) +
         " (RLIMIT_AS), and libraries reserve more of it than they use: lift the limit (ulimit -v unlimited) and limit "
         "memory by --memory or a cgroup instead";
}

Status NoThreadError(const std::system_error& error) {
  return Status::OutOfMemory("no further thread can be started (", error.what(),
                             "): give fewer --threads, or lift the limits of this process (ulimit -u, ulimit -v)");
}

}  // namespace pomona
