#pragma once

#include <new>
#include <string>
#include <system_error>

#include "pomona/base/status.h"

namespace pomona {

/// \brief What to say where the system gives no more memory. \return OutOfMemory
Status OutOfMemoryError();

/// \brief What to tell a user of an error: its message, and, where it speaks of memory or of a thread that does not
/// start and this process has a limit of its address space (`ulimit -v`), that limit and what to do. Libraries report
/// lack of memory under many codes.
std::string MessageWithAdvice(const Status& status);

/// \brief What to say where the system starts no further thread. \return OutOfMemory
Status NoThreadError(const std::system_error& error);

/// \brief Calls a function that returns a Status or a Result. An exception for lack of memory or threads becomes its
/// error, for in a thread of its own it would end the process.
template <typename Function>
auto CatchExhaustion(const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return OutOfMemoryError();
  } catch (const std::system_error& error) {
    return NoThreadError(error);
  }
}

}  // namespace pomona
