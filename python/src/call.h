#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "errors.h"
#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona::python {

/// \brief Runs engine work on a thread of its own with the GIL released, and waits for it.
///
/// Python's signal handlers run meanwhile where the caller is the main thread: what one of them raises (Ctrl-C raises
/// KeyboardInterrupt) cancels the work and is thrown once it has ended. Needs the GIL.
void RunWatched(const std::function<void()>& work, Cancellation* cancellation);

/// \brief Calls `work(const Cancellation*)`, which returns a Status or Result, as `RunWatched` does.
///
/// \return its value; throws its error
template <typename Work>
auto CallEngine(Work&& work, Cancellation* cancellation) {
  using Answer = decltype(work(static_cast<const Cancellation*>(nullptr)));
  std::optional<Answer> answer;
  RunWatched([&] { answer.emplace(work(cancellation)); }, cancellation);
  if constexpr (std::is_same_v<Answer, Status>) {
    Raise(*answer);
  } else {
    return ValueOrRaise(*std::move(answer));
  }
}

template <typename Work>
auto CallEngine(Work&& work) {
  Cancellation cancellation;
  return CallEngine(std::forward<Work>(work), &cancellation);
}

}  // namespace pomona::python
