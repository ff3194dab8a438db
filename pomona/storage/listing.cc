#include "pomona/storage/listing.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/storage/arrow_store.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/local_file.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/s3_listing.h"
#include "pomona/storage/s3_store.h"

namespace pomona {

using Visitor = std::function<Status(const ListedFile&)>;

namespace {

constexpr std::size_t kShownPath = 200;

/// Each kind of trouble is told so many times, then counted.
constexpr std::int64_t kToldWarnings = 10;

enum class Trouble : std::size_t { kUnreadableFolder, kLoop, kSpecialFile };

/// Collects warnings without letting a million of them fill the memory.
class Warnings {
 public:
  void Add(Trouble trouble, const std::string& text) {
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

/// Walks local folders, depth first, by file descriptor: a path is never resolved from the root again.
class LocalWalk {
 public:
  LocalWalk(const Location& root, const ListingOptions& options, const Visitor& visit, const Cancellation* cancellation)
      : root_(root), options_(options), visit_(visit), cancellation_(cancellation) {}

  Result<Listing> Run() {
    Descriptor root = OpenLocalPath(root_, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root.get() < 0) return LocalError(root_, "the folder cannot be read", errno);
    ARROW_RETURN_NOT_OK(VisitFolder(root.release(), "", std::nullopt));
    listing_.warnings = warnings_.Finish();
    return std::move(listing_);
  }

 private:
  struct FolderId {
    dev_t device;
    ino_t inode;
    bool operator==(const FolderId&) const = default;
  };

  /// A folder to be walked, or, for a reason, only to be counted.
  struct Folder {
    std::string name;
    std::optional<SkipReason> skipped;
  };

  /// Takes over `fd`; `prefix` is "" or ends in '/'.
  Status VisitFolder(int fd, const std::string& prefix, std::optional<SkipReason> skipped) {
    if (above_.size() >= kMaxFolderDepth) {
      close(fd);
      return Status::IOError(root_.display, ": folders are nested more than ", kMaxFolderDepth, " deep, down to ",
                             Shown(prefix).substr(0, kShownPath),
                             "...: nothing is listed. Exclude that folder by "
                             "moving it away, or name the folder above the images as INPUT");
    }
    struct stat self{};
    DIR* folder = fstat(fd, &self) == 0 ? fdopendir(fd) : nullptr;
    if (folder == nullptr) {
      CannotRead(prefix, errno, skipped);
      close(fd);
      return Status::OK();
    }
    above_.push_back({self.st_dev, self.st_ino});
    std::vector<Folder> folders;
    Status status = ReadEntries(folder, prefix, skipped, &folders);
    if (status.ok()) status = VisitFolders(dirfd(folder), prefix, folders);
    closedir(folder);
    above_.pop_back();
    return status;
  }

  Status ReadEntries(DIR* folder, const std::string& prefix, std::optional<SkipReason> skipped,
                     std::vector<Folder>* folders) {
    if (cancellation_ != nullptr) ARROW_RETURN_NOT_OK(cancellation_->Check());
    for (std::int64_t entries = 1;; ++entries) {
      errno = 0;
      const dirent* entry = readdir(folder);  // NOLINT(concurrency-mt-unsafe): nobody else has this folder
      if (entry == nullptr) {
        if (errno != 0) CannotRead(prefix, errno, skipped);
        return Status::OK();
      }
      if (full()) return Status::OK();
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (skipped) {
        CountEntry(dirfd(folder), *entry, *skipped, folders);
      } else if (entry->d_type == DT_DIR) {  // saves a call for each folder; the walk looks at it when it opens it
        folders->push_back({std::string(name), WhyFolder(name)});
      } else {
        ARROW_RETURN_NOT_OK(AddEntry(dirfd(folder), prefix, *entry, folders));
      }
      if (cancellation_ != nullptr && entries % 1024 == 0) ARROW_RETURN_NOT_OK(cancellation_->Check());
    }
  }

  std::optional<SkipReason> WhyFolder(std::string_view name) const {
    return options_.include_skipped ? std::nullopt : WhySkippedFolder(name);
  }
  std::optional<SkipReason> WhyFile(std::string_view name) const {
    return options_.include_skipped ? std::nullopt : WhySkippedFile(name);
  }

  /// An entry of a skipped folder.
  void CountEntry(int folder, const dirent& entry, SkipReason skipped, std::vector<Folder>* folders) {
    struct stat info{};
    const bool is_folder = entry.d_type == DT_DIR ||
                           (entry.d_type == DT_UNKNOWN &&
                            fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode));
    is_folder ? folders->push_back({entry.d_name, skipped}) : listing_.skipped.Add(skipped);
  }

  /// An entry that is a file, a link or, where the file system does not say, a folder.
  Status AddEntry(int folder, const std::string& prefix, const dirent& entry, std::vector<Folder>* folders) {
    const char* name = entry.d_name;
    const std::optional<SkipReason> as_file = WhyFile(name);
    if (as_file && entry.d_type == DT_REG) {
      listing_.skipped.Add(*as_file);
      return Status::OK();
    }
    struct stat info{};
    const bool found = fstatat(folder, name, &info, 0) == 0;
    if (found && S_ISDIR(info.st_mode)) {
      folders->push_back({name, WhyFolder(name)});
    } else if (as_file) {
      listing_.skipped.Add(*as_file);
    } else if (!found) {
      if (errno == ELOOP) {
        warnings_.Add(Trouble::kLoop, Shown(prefix + name) + ": left out, the link leads back to itself");
      } else {  // a broken link, or no right to look: reading it gives the reason
        return Visit({prefix + name, -1, 0, ""});
      }
    } else if (S_ISREG(info.st_mode)) {
      return Visit({prefix + name, static_cast<std::int64_t>(info.st_size),
                    static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec, ""});
    } else {
      warnings_.Add(Trouble::kSpecialFile, Shown(prefix + name) + ": left out, it is a pipe, socket or device");
    }
    return Status::OK();
  }

  Status Visit(const ListedFile& file) {
    ++count_;
    return visit_(file);
  }

  Status VisitFolders(int parent, const std::string& prefix, const std::vector<Folder>& folders) {
    if (!options_.recursive) return Status::OK();
    for (const auto& [name, skipped] : folders) {
      if (full()) return Status::OK();
      const int follow = skipped ? O_NOFOLLOW : 0;
      const int fd = openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
      if (fd < 0) {
        CannotRead(prefix + name, errno, skipped);
        continue;
      }
      struct stat info{};
      const bool known = fstat(fd, &info) == 0;
      if (skipped && known && info.st_dev != above_.back().device) {
        close(fd);
        listing_.skipped.Add(*skipped);
        continue;
      }
      if (known && std::find(above_.begin(), above_.end(), FolderId{info.st_dev, info.st_ino}) != above_.end()) {
        close(fd);
        warnings_.Add(Trouble::kLoop, Shown(prefix + name) + ": left out, the link leads back to a folder above it");
        continue;
      }
      ARROW_RETURN_NOT_OK(VisitFolder(fd, prefix + name + "/", skipped));
    }
    return Status::OK();
  }

  /// Of a skipped folder nobody misses the files.
  void CannotRead(std::string folder, int error, std::optional<SkipReason> skipped) {
    if (skipped) {
      listing_.skipped.Add(*skipped);
      return;
    }
    while (folder.ends_with('/')) folder.pop_back();
    warnings_.Add(Trouble::kUnreadableFolder, Shown(folder) + ": the folder cannot be read, its files are missing: " +
                                                  std::generic_category().message(error));
  }

  std::string Shown(const std::string& relative) const { return root_.Child(relative).display; }
  bool full() const { return count_ >= options_.max_files; }

  const Location& root_;
  const ListingOptions& options_;
  const Visitor& visit_;
  const Cancellation* cancellation_;
  std::vector<FolderId> above_;  ///< the folders from the root down to the present one
  std::int64_t count_ = 0;
  Listing listing_;
  Warnings warnings_;
};

std::int64_t MtimeNs(const arrow::fs::FileInfo& info) {
  return info.mtime() == arrow::fs::kNoTime ? 0 : info.mtime().time_since_epoch().count();
}

/// A file of a store, unless it is skipped or there are enough. \return whether more are wanted
Result<bool> VisitStoreFile(const ListedFile& file, const ListingOptions& options, const Visitor& visit,
                            std::int64_t* count, Listing* listing) {
  if (!options.include_skipped) {
    if (const auto reason = WhySkipped(file.path)) {
      listing->skipped.Add(*reason);
      return true;
    }
  }
  if (*count >= options.max_files) return false;
  ++*count;
  ARROW_RETURN_NOT_OK(visit(file));
  return true;
}

Result<Listing> ListStore(const Location& root, const ListingOptions& options, const Visitor& visit,
                          const Cancellation* cancellation) {
  arrow::fs::FileSelector selector;
  selector.base_dir = root.path;
  selector.recursive = options.recursive;
  Listing listing;
  std::int64_t count = 0;
  arrow::fs::FileInfoVector found;  // Arrow gathers all of a listing, whichever way it is asked
  const Status status = CallArrowStore(root, [&] { return root.filesystem->GetFileInfo(selector).Value(&found); });
  if (status.IsCancelled()) return status;
  if (!status.ok()) {
    const std::string message = root.display + ": cannot be listed: " + status.message();
    return IsStoreDown(status) ? StoreDown(message) : Status::IOError(message);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const arrow::fs::FileInfo& info = found[i];
    if (cancellation != nullptr && i % 1024 == 0) ARROW_RETURN_NOT_OK(cancellation->Check());
    if (info.type() == arrow::fs::FileType::Directory) continue;
    std::string_view relative = info.path();
    relative.remove_prefix(std::min(relative.size(), root.path.size()));
    while (relative.starts_with('/')) relative.remove_prefix(1);
    ARROW_ASSIGN_OR_RAISE(const bool more, VisitStoreFile({std::string(relative), info.size(), MtimeNs(info), ""},
                                                          options, visit, &count, &listing));
    if (!more) return listing;
  }
  return listing;
}

Result<Listing> ListBucket(const Location& root, const ListingOptions& options, const Visitor& visit,
                           const Cancellation* cancellation) {
  const S3Name name = SplitS3Path(root.path);
  const std::string prefix = name.key.empty() ? "" : name.key + "/";
  S3ListingOptions listing_options;
  listing_options.recursive = options.recursive;
  listing_options.threads = options.threads;
  Listing listing;
  std::int64_t count = 0;
  const auto take = [&](std::vector<S3Object> objects) -> Result<bool> {
    for (S3Object& object : objects) {
      if (object.key.ends_with('/') || object.key.size() <= prefix.size()) continue;  // a "folder"
      ARROW_ASSIGN_OR_RAISE(const bool more, VisitStoreFile({object.key.substr(prefix.size()), object.size,
                                                             object.mtime_ns, std::move(object.etag)},
                                                            options, visit, &count, &listing));
      if (!more) return false;
    }
    return true;
  };
  const Status status = ListS3(*root.s3, name.bucket, prefix, listing_options, take, cancellation);
  if (status.ok()) return listing;
  if (status.IsCancelled()) return status;
  const std::string message = root.display + ": cannot be listed: " + status.message();
  return IsStoreDown(status) ? StoreDown(message) : Status::IOError(message);
}

}  // namespace

Result<Listing> VisitFiles(const Location& folder, const ListingOptions& options, const Visitor& visit,
                           const Cancellation* cancellation) {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(folder));
  const std::string shown = folder.display.empty() ? "." : folder.display;
  if (kind == PlaceKind::kMissing) return UsageError(shown + ": there is no such folder");
  if (kind == PlaceKind::kFile) return UsageError(shown + ": is a file, a folder is wanted");
  if (folder.is_local()) return LocalWalk(folder, options, visit, cancellation).Run();
  if (folder.s3 != nullptr) return ListBucket(folder, options, visit, cancellation);
  return ListStore(folder, options, visit, cancellation);
}

Result<Listing> ListFiles(const Location& folder, const ListingOptions& options, const Cancellation* cancellation) {
  std::vector<ListedFile> files;
  const auto keep = [&](const ListedFile& file) {
    files.push_back(file);
    return Status::OK();
  };
  ARROW_ASSIGN_OR_RAISE(Listing listing, VisitFiles(folder, options, keep, cancellation));
  std::sort(files.begin(), files.end(), [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; });
  listing.files = std::move(files);
  return listing;
}

Result<std::optional<ListedFile>> FindFile(const Location& file) {
  ListedFile found{std::string(file.name()), -1, 0, ""};
  if (file.s3 != nullptr) {
    const S3Name name = SplitS3Path(file.path);
    // The shortest key with a prefix comes first: the prefix itself, where it is there.
    ARROW_ASSIGN_OR_RAISE(const S3Page page, file.s3->List(name.bucket, name.key, false, "", 1));
    if (page.objects.empty() || page.objects.front().key != name.key) return std::nullopt;
    const S3Object& object = page.objects.front();
    return ListedFile{found.path, object.size, object.mtime_ns, object.etag};
  }
  arrow::fs::FileInfo info;
  ARROW_RETURN_NOT_OK(CallArrowStore(file, [&] { return file.filesystem->GetFileInfo(file.path).Value(&info); }));
  if (info.type() == arrow::fs::FileType::Unknown) {  // a pipe, a socket, a device
    return Status::IOError(file.display, ": is not a regular file");
  }
  if (!info.IsFile()) return std::nullopt;
  found.size = info.size();
  if (info.mtime() != arrow::fs::kNoTime) found.mtime_ns = info.mtime().time_since_epoch().count();
  return found;
}

}  // namespace pomona
