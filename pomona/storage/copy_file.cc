#include "pomona/storage/copy_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include <unistd.h>

#include "pomona/storage/file_io.h"
#include "pomona/storage/local_file.h"

namespace pomona {
namespace {

Status CopyLocalFile(const Location& from, const Location& to) {
  ARROW_RETURN_NOT_OK(MakeFolders(to.Parent()));
  static std::atomic<std::int64_t> counter{0};
  const std::string temporary =
      ".pomona-" + std::to_string(getpid()) + "-" + std::to_string(counter.fetch_add(1)) + ".part";
  const Descriptor source = OpenLocalParent(from);
  const Descriptor target = OpenLocalParent(to);
  if (target.get() < 0) return LocalError(to, "cannot be written", errno);
  const std::string old_name(from.name());
  const std::string new_name(to.name());
  if (source.get() >= 0 && linkat(source.get(), old_name.c_str(), target.get(), temporary.c_str(), 0) == 0) {
    const int status = renameat(target.get(), temporary.c_str(), target.get(), new_name.c_str());
    const int error = errno;
    unlinkat(target.get(), temporary.c_str(), 0);  // two names of one file: then rename leaves the first
    if (status == 0) return Status::OK();
    return LocalError(to, "cannot be written", error);
  }
  ByteBuffer bytes;  // another file system, or one without links
  ARROW_RETURN_NOT_OK(ReadAll(from, &bytes));
  return WriteAtomically(to, bytes.text());
}

}  // namespace

Status CopyFile(const Location& from, const Location& to) {
  if (from.is_local() && to.is_local()) return CopyLocalFile(from, to);
  ARROW_RETURN_NOT_OK(MakeFolders(to.Parent()));
  Status status = from.filesystem->CopyFile(from.path, to.path);
  if (status.ok()) return status;
  return Status::IOError(to.display, ": cannot be copied from ", from.display, ": ", status.message());
}

}  // namespace pomona
