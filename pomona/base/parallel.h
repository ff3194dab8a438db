#pragma once

#include <cstdint>
#include <functional>

#include "pomona/base/cancellation.h"
#include "pomona/base/status.h"

namespace pomona {

/// \brief Runs `task(i)` for every i in [0, count) on up to `threads` threads, lowest index first.
///
/// The first error stops the handing out of new indices; calls under way finish. With several errors the one of
/// the lowest index is returned. A task that finds no more memory ends in OutOfMemory; where the system starts no
/// further thread, those that are there do all.
///
/// \param[in] cancellation looked at before each index; may be null
Status ParallelFor(std::int64_t count, int threads, const std::function<Status(std::int64_t)>& task,
                   const Cancellation* cancellation = nullptr);

}  // namespace pomona
