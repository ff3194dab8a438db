#include "pomona/storage/local_file.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace pomona {
namespace {

namespace fs = std::filesystem;

/// The path below the folder that a location must not leave; nothing where it may, and for that folder itself, which
/// the user has named, and those above it.
std::optional<std::string> PathBeneath(const Location& location) {
  const std::string& root = location.beneath;
  if (root.empty() || location.path == root) return std::nullopt;
  const std::string prefix = root == "/" ? root : root + "/";
  if (!location.path.starts_with(prefix)) return std::nullopt;
  return location.path.substr(prefix.size());
}

template <typename Call>
int Retried(Call call) {
  int fd = -1;
  do {
    fd = call();
  } while (fd < 0 && errno == EINTR);
  return fd;
}

Descriptor OpenFolder(const std::string& path) {
  return Descriptor(Retried([&] { return open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
}

Descriptor OpenBeneath(int folder, const std::string& relative, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  do {  // EAGAIN: something above was renamed while it was looked at
    fd = static_cast<int>(syscall(SYS_openat2, folder, relative.c_str(), &how, sizeof how));
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  // Kernels before 5.6 do not know the call, and some containers forbid it.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return internal::OpenByWalk(folder, relative, flags, mode);
  return Descriptor(fd);
}

}  // namespace

namespace internal {

Descriptor OpenByWalk(int folder, const std::string& relative, int flags, mode_t mode) {
  Descriptor above;
  int at = folder;
  std::string_view left = relative;
  for (std::size_t slash = left.find('/'); slash != std::string_view::npos; slash = left.find('/')) {
    const std::string part(left.substr(0, slash));
    left.remove_prefix(slash + 1);
    if (part == "..") {
      errno = EXDEV;
      return Descriptor();
    }
    Descriptor next(Retried([&] { return openat(at, part.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC); }));
    struct stat info{};
    if (next.get() < 0) {
      const int error = errno;
      const bool link = fstatat(at, part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
      errno = link ? EXDEV : error;
      return Descriptor();
    }
    above = std::move(next);
    at = above.get();
  }
  const std::string name(left);
  if (name == "..") {
    errno = EXDEV;
    return Descriptor();
  }
  Descriptor file(Retried([&] { return openat(at, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode); }));
  struct stat info{};
  if (file.get() < 0 && errno == ELOOP) errno = EXDEV;
  if (file.get() >= 0 && (flags & O_PATH) != 0 && fstat(file.get(), &info) == 0 && S_ISLNK(info.st_mode)) {
    file = Descriptor();
    errno = EXDEV;
  }
  return file;
}

}  // namespace internal

Status LocalError(const Location& location, std::string_view what, int error) {
  if (error == EXDEV && !location.beneath.empty()) {
    return Status::IOError(location.display, ": ", what, ": a link leads out of ", location.beneath,
                           ". Nothing outside an output is read, written or deleted for it: remove the link, or name "
                           "the folder that it leads to");
  }
  return Status::IOError(location.display, ": ", what, ": ", std::generic_category().message(error));
}

Descriptor OpenLocalPath(const Location& location, int flags, mode_t mode) {
  const std::optional<std::string> relative = PathBeneath(location);
  if (!relative) return Descriptor(Retried([&] { return open(location.path.c_str(), flags, mode); }));
  const Descriptor root = OpenFolder(location.beneath);
  if (root.get() < 0) return Descriptor();
  return OpenBeneath(root.get(), *relative, flags, mode);
}

Descriptor OpenLocalParent(const Location& location) {
  const Location parent = location.Parent();
  return OpenLocalPath(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

Status MakeLocalFolders(const Location& location) {
  const std::optional<std::string> relative = PathBeneath(location);
  std::error_code error;
  fs::create_directories(relative ? location.beneath : location.path, error);
  if (error) return LocalError(location, "the folder cannot be made", error.value());
  if (!relative) return Status::OK();
  const Descriptor root = OpenFolder(location.beneath);
  if (root.get() < 0) return LocalError(location, "the folder cannot be made", errno);
  constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;
  Descriptor above;
  for (std::size_t end = 0; end < relative->size();) {
    const std::size_t begin = end == 0 ? 0 : end + 1;
    end = std::min(relative->find('/', begin), relative->size());
    const std::string name = relative->substr(begin, end - begin);
    const int at = above.get() < 0 ? root.get() : above.get();
    if (mkdirat(at, name.c_str(), 0777) != 0 && errno != EEXIST) {
      return LocalError(location, "the folder cannot be made", errno);
    }
    Descriptor made = OpenBeneath(root.get(), relative->substr(0, end), kFolder, 0);
    if (made.get() < 0) return LocalError(location, "the folder cannot be made", errno);
    above = std::move(made);
  }
  return Status::OK();
}

}  // namespace pomona
