#include "pomona/storage/listing.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <arrow/util/future.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// Each kind of trouble is told so many times, then counted.
constexpr std::int64_t kToldWarnings = 10;

enum class Trouble : std::size_t { kUnreadableFolder, kLoop, kSpecialFile };

/// Collects warnings without letting a million of them fill the memory.
class Warnings {
 public:
  void Add(Trouble trouble, std::string text) {
    if (++counts_[static_cast<std::size_t>(trouble)] <= kToldWarnings) texts_.push_back(ToValidUtf8(text));
  }

  std::vector<std::string> Finish() {
    constexpr std::array<std::string_view, 3> kMore = {
        " more folders could not be read", " more links that lead back to a folder above them were left out",
        " more special files were left out"};
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > kToldWarnings) {
        texts_.push_back(HumanCount(counts_[i] - kToldWarnings) + std::string(kMore[i]));
      }
    }
    return std::move(texts_);
  }

 private:
  std::array<std::int64_t, 3> counts_{};
  std::vector<std::string> texts_;
};

bool IsHidden(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

/// Walks local folders, depth first, by file descriptor: a path is never resolved from the root again.
class LocalWalk {
 public:
  LocalWalk(const Location& root, const ListingOptions& options, const Cancellation* cancellation)
      : root_(root), options_(options), cancellation_(cancellation) {}

  Result<Listing> Run() {
    const int fd = open(root_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
      return Status::IOError(root_.display, ": the folder cannot be read: ", std::generic_category().message(errno));
    }
    ARROW_RETURN_NOT_OK(Visit(fd, ""));
    listing_.warnings = warnings_.Finish();
    return std::move(listing_);
  }

 private:
  struct FolderId {
    dev_t device;
    ino_t inode;
    bool operator==(const FolderId&) const = default;
  };

  /// Takes over `fd`; `prefix` is "" or ends in '/'.
  Status Visit(int fd, const std::string& prefix) {
    struct stat self{};
    DIR* folder = fstat(fd, &self) == 0 ? fdopendir(fd) : nullptr;
    if (folder == nullptr) {
      CannotRead(prefix, errno);
      close(fd);
      return Status::OK();
    }
    above_.push_back({self.st_dev, self.st_ino});
    std::vector<std::string> folders;
    const Status status = ReadEntries(folder, prefix, &folders);
    Status below = status;
    if (below.ok()) below = VisitFolders(dirfd(folder), prefix, folders);
    closedir(folder);
    above_.pop_back();
    return below;
  }

  Status ReadEntries(DIR* folder, const std::string& prefix, std::vector<std::string>* folders) {
    if (cancellation_ != nullptr) ARROW_RETURN_NOT_OK(cancellation_->Check());
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(folder);
      if (entry == nullptr) {
        if (errno != 0) CannotRead(prefix, errno);
        return Status::OK();
      }
      if (full()) return Status::OK();
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (!options_.include_hidden && IsHidden(name)) {
        ++listing_.hidden;
        continue;
      }
      if (entry->d_type == DT_DIR) {  // saves a call for each folder; the walk looks at it when it opens it
        folders->emplace_back(name);
        continue;
      }
      AddEntry(dirfd(folder), prefix, entry->d_name, folders);
      if (cancellation_ != nullptr && listing_.files.size() % 1024 == 0) ARROW_RETURN_NOT_OK(cancellation_->Check());
    }
  }

  void AddEntry(int folder, const std::string& prefix, const char* name, std::vector<std::string>* folders) {
    struct stat info{};
    if (fstatat(folder, name, &info, 0) != 0) {
      if (errno == ELOOP) {
        warnings_.Add(Trouble::kLoop, Shown(prefix + name) + ": left out, the link leads back to itself");
      } else {  // a broken link, or no right to look: reading it gives the reason
        listing_.files.push_back({prefix + name, -1, 0});
      }
    } else if (S_ISDIR(info.st_mode)) {
      folders->emplace_back(name);
    } else if (S_ISREG(info.st_mode)) {
      listing_.files.push_back({prefix + name, static_cast<std::int64_t>(info.st_size),
                                static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec});
    } else {
      warnings_.Add(Trouble::kSpecialFile, Shown(prefix + name) + ": left out, it is a pipe, socket or device");
    }
  }

  Status VisitFolders(int parent, const std::string& prefix, const std::vector<std::string>& folders) {
    if (!options_.recursive) return Status::OK();
    for (const std::string& name : folders) {
      if (full()) return Status::OK();
      const int fd = openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd < 0) {
        CannotRead(prefix + name, errno);
        continue;
      }
      struct stat info{};
      if (fstat(fd, &info) == 0 &&
          std::find(above_.begin(), above_.end(), FolderId{info.st_dev, info.st_ino}) != above_.end()) {
        close(fd);
        warnings_.Add(Trouble::kLoop, Shown(prefix + name) + ": left out, the link leads back to a folder above it");
        continue;
      }
      ARROW_RETURN_NOT_OK(Visit(fd, prefix + name + "/"));
    }
    return Status::OK();
  }

  void CannotRead(std::string folder, int error) {
    while (folder.ends_with('/')) folder.pop_back();
    warnings_.Add(Trouble::kUnreadableFolder, Shown(folder) + ": the folder cannot be read, its files are missing: " +
                                                  std::generic_category().message(error));
  }

  std::string Shown(const std::string& relative) const { return root_.Child(relative).display; }
  bool full() const { return static_cast<std::int64_t>(listing_.files.size()) >= options_.max_files; }

  const Location& root_;
  const ListingOptions& options_;
  const Cancellation* cancellation_;
  std::vector<FolderId> above_;  ///< the folders from the root down to the present one
  Listing listing_;
  Warnings warnings_;
};

/// True when a component of a relative path is hidden.
bool HasHiddenComponent(std::string_view path) {
  for (;;) {
    if (IsHidden(path)) return true;
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

std::int64_t MtimeNs(const arrow::fs::FileInfo& info) {
  return info.mtime() == arrow::fs::kNoTime ? 0 : info.mtime().time_since_epoch().count();
}

Result<Listing> ListStore(const Location& root, const ListingOptions& options, const Cancellation* cancellation) {
  arrow::fs::FileSelector selector;
  selector.base_dir = root.path;
  selector.recursive = options.recursive;
  Listing listing;
  auto generator = root.filesystem->GetFileInfoGenerator(selector);
  for (;;) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    const Result<arrow::fs::FileInfoVector> batch = generator().result();
    if (!batch.ok()) return Status::IOError(root.display, ": cannot be listed: ", batch.status().message());
    if (batch->empty()) break;  // the end of Arrow's generators
    for (const arrow::fs::FileInfo& info : *batch) {
      if (info.type() == arrow::fs::FileType::Directory) continue;
      std::string_view relative = info.path();
      relative.remove_prefix(std::min(relative.size(), root.path.size()));
      while (relative.starts_with('/')) relative.remove_prefix(1);
      if (!options.include_hidden && HasHiddenComponent(relative)) {
        ++listing.hidden;
        continue;
      }
      if (static_cast<std::int64_t>(listing.files.size()) >= options.max_files) return listing;
      listing.files.push_back({std::string(relative), info.size(), MtimeNs(info)});
    }
  }
  return listing;
}

}  // namespace

Result<Listing> ListFiles(const Location& folder, const ListingOptions& options, const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder));
  const std::string shown = folder.display.empty() ? "." : folder.display;
  if (kind == PlaceKind::kMissing) return UsageError(shown + ": there is no such folder");
  if (kind == PlaceKind::kFile) return UsageError(shown + ": is a file, a folder is wanted");
  Listing listing;
  if (folder.is_local()) {
    ARROW_ASSIGN_OR_RAISE(listing, LocalWalk(folder, options, cancellation).Run());
  } else {
    ARROW_ASSIGN_OR_RAISE(listing, ListStore(folder, options, cancellation));
  }
  std::sort(listing.files.begin(), listing.files.end(),
            [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; });
  return listing;
}

}  // namespace pomona
