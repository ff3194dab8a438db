#pragma once

#include <utility>

#include "pomona/base/status.h"

namespace pomona::python {

/// \brief Throws what Python sees of an error, with the engine's message; returns for OK.
///
/// ValueError for what the caller can mend (options, shapes, values), KeyError, MemoryError, KeyboardInterrupt, else
/// OSError. `_engine.MissingModel`, an OSError, where weights are not in the model cache. Needs the GIL.
void Raise(const Status& status);

template <typename T>
T ValueOrRaise(Result<T> result) {
  Raise(result.status());
  return *std::move(result);
}

/// \brief Makes the exceptions of the module.
void BindErrors(void* module);

}  // namespace pomona::python
