#include "pomona/storage/copy_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <unistd.h>

#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

Status CopyLocalFile(const Location& from, const Location& to) {
  ARROW_RETURN_NOT_OK(MakeFolders(to.Parent()));
  static std::atomic<std::int64_t> counter{0};
  const std::string temporary =
      to.Parent()
          .Child(".pomona-" + std::to_string(getpid()) + "-" + std::to_string(counter.fetch_add(1)) + ".part")
          .path;
  if (link(from.path.c_str(), temporary.c_str()) == 0) {
    const int status = rename(temporary.c_str(), to.path.c_str());
    const int error = errno;
    unlink(temporary.c_str());  // two names of one file: then rename does nothing and leaves the first
    if (status == 0) return Status::OK();
    return Status::IOError(to.display, ": cannot be written: ", std::generic_category().message(error));
  }
  ByteBuffer bytes;  // another file system, or one without links
  ARROW_RETURN_NOT_OK(ReadAll(from, &bytes));
  return WriteAtomically(to, bytes.text());
}

}  // namespace

Status CopyFile(const Location& from, const Location& to) {
  if (from.is_local() && to.is_local()) return CopyLocalFile(from, to);
  ARROW_RETURN_NOT_OK(MakeFolders(to.Parent()));
  const Status status = from.filesystem->CopyFile(from.path, to.path);
  if (status.ok()) return status;
  return Status::IOError(to.display, ": cannot be copied from ", from.display, ": ", status.message());
}

}  // namespace pomona
