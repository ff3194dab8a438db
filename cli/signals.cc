#include "cli/signals.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "cli/command.h"

namespace pomona::cli {
namespace {

std::atomic<Cancellation*> on_signal = nullptr;
static_assert(std::atomic<Cancellation*>::is_always_lock_free, "a signal handler may not take a lock");

void Handle(int /*signal*/) {
  Cancellation* const cancellation = on_signal.load();
  if (cancellation->cancelled()) _exit(kExitInterrupted);
  cancellation->Cancel();
}

}  // namespace

void CancelOnSignals(Cancellation* cancellation) {
  on_signal.store(cancellation);
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;  // NOLINT(performance-no-int-to-ptr): the macro of signal.h
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);
}

}  // namespace pomona::cli
