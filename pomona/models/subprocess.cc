#include "pomona/models/subprocess.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pomona {
namespace {

constexpr std::size_t kKeptOutput = 64 * 1024;
constexpr int kLookForCancellationMs = 100;

/// Reads until the other end is closed. Cancelled, when the caller gave up before.
Status ReadOutput(int pipe, const Cancellation* cancellation, std::string* output) {
  std::array<char, 4096> buffer{};
  for (;;) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    pollfd waiting{pipe, POLLIN, 0};
    if (poll(&waiting, 1, kLookForCancellationMs) <= 0) continue;  // a timeout or a signal
    const ssize_t count = read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Status::OK();
    output->append(buffer.data(), static_cast<std::size_t>(count));
    if (output->size() > 2 * kKeptOutput) output->erase(0, output->size() - kKeptOutput);
  }
}

int WaitFor(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<ProcessResult> RunProcess(const std::vector<std::string>& arguments, const Cancellation* cancellation) {
  if (arguments.empty()) return Status::Invalid("No program was named");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Status::IOError("No pipe can be made: ", std::generic_category().message(errno));
  }
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Status::IOError(arguments[0], ": cannot be started: ", std::generic_category().message(error));
  }

  ProcessResult result;
  const Status status = ReadOutput(ends[0], cancellation, &result.output);
  close(ends[0]);
  if (!status.ok()) kill(-child, SIGKILL);
  result.exit_code = WaitFor(child);
  ARROW_RETURN_NOT_OK(status);
  if (result.output.size() > kKeptOutput) result.output.erase(0, result.output.size() - kKeptOutput);
  return result;
}

}  // namespace pomona
