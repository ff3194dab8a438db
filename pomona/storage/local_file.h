#pragma once

#include <utility>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "pomona/base/status.h"
#include "pomona/storage/location.h"

namespace pomona {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// \brief IOError with the location, what failed and the system's reason.
Status LocalError(const Location& location, std::string_view what, int error);

/// \brief open(2) of a local location, tried again when a signal interrupts it.
///
/// Where `location.beneath` is set, no link and no `..` leads out of that folder: the kernel sees to it (openat2 with
/// RESOLVE_BENEATH), or, where it does not know that, a walk that follows no link at all. So it holds also when
/// somebody swaps a folder for a link meanwhile.
///
/// \return a descriptor below 0 with errno, EXDEV where a link leads out
/// Thread safety: calls may run together.
Descriptor OpenLocalPath(const Location& location, int flags, mode_t mode = 0);

/// \brief The folder a local location lies in, for calls such as unlinkat(2) with `location.name()`; as above.
Descriptor OpenLocalParent(const Location& location);

/// \brief Makes a local folder and those above it, none of them through a link that leads out.
Status MakeLocalFolders(const Location& location);

namespace internal {
/// The walk of `OpenLocalPath`. \param[in] folder a descriptor of the folder; \param[in] relative "." or a path below
/// it
Descriptor OpenByWalk(int folder, const std::string& relative, int flags, mode_t mode);
}  // namespace internal

}  // namespace pomona
