#include "pomona/base/process_identity.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include <unistd.h>

namespace pomona {
namespace {

std::string FirstLine(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

std::string LinkTarget(const char* link) {
  std::array<char, 128> target{};
  const ssize_t length = readlink(link, target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

struct ProcessStat {
  char state = '?';
  std::int64_t started_ticks = 0;
};

/// \return nothing when there is no such process
std::optional<ProcessStat> StatOf(std::int64_t pid) {
  const std::string line = FirstLine("/proc/" + std::to_string(pid) + "/stat");
  // The name of the program stands in parentheses and may itself hold some; numbers begin after the last one.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  constexpr int kFirst = 4;  // numbers as in proc(5); the state is field 3
  constexpr int kStartTime = 22;
  std::string field;
  for (int number = kFirst; number <= kStartTime && fields >> field; ++number) {
    if (number == kStartTime) stat.started_ticks = std::strtoll(field.c_str(), nullptr, 10);
  }
  return stat;
}

}  // namespace

ProcessIdentity ProcessIdentity::Self() {
  ProcessIdentity self;
  std::array<char, 256> host{};
  self.host = gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "unknown";
  self.pid = getpid();
  if (const auto stat = StatOf(self.pid)) self.started_ticks = stat->started_ticks;
  self.boot = FirstLine("/proc/sys/kernel/random/boot_id");
  self.pid_namespace = LinkTarget("/proc/self/ns/pid");
  return self;
}

Json ProcessIdentity::ToJson() const {
  return {
      {"host", host}, {"pid", pid}, {"started_ticks", started_ticks}, {"boot", boot}, {"pid_namespace", pid_namespace}};
}

Result<ProcessIdentity> ProcessIdentity::FromJson(const Json& json, std::string_view origin) {
  ProcessIdentity process;
  ARROW_ASSIGN_OR_RAISE(process.host, JsonField<std::string>(json, "host", origin));
  ARROW_ASSIGN_OR_RAISE(process.pid, JsonField<std::int64_t>(json, "pid", origin));
  ARROW_ASSIGN_OR_RAISE(process.started_ticks, JsonField<std::int64_t>(json, "started_ticks", origin));
  ARROW_ASSIGN_OR_RAISE(process.boot, JsonField<std::string>(json, "boot", origin));
  ARROW_ASSIGN_OR_RAISE(process.pid_namespace, JsonField<std::string>(json, "pid_namespace", origin));
  return process;
}

ProcessLife LifeOf(const ProcessIdentity& process) {
  const ProcessIdentity self = ProcessIdentity::Self();
  const bool here = !self.boot.empty() && process.boot == self.boot && process.host == self.host &&
                    !self.pid_namespace.empty() && process.pid_namespace == self.pid_namespace;
  if (!here) return ProcessLife::kUnknown;
  const std::optional<ProcessStat> stat = StatOf(process.pid);
  if (!stat || stat->started_ticks != process.started_ticks) return ProcessLife::kDead;
  return stat->state == 'Z' || stat->state == 'X' ? ProcessLife::kDead : ProcessLife::kAlive;
}

}  // namespace pomona
