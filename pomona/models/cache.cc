#include "pomona/models/cache.h"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pomona/base/json.h"
#include "pomona/storage/contained_name.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/location.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

constexpr int kFormatVersion = 1;
constexpr std::string_view kEntryName = "entry.json";
constexpr std::string_view kLockName = ".lock";

Result<CachedModel> ParseEntry(const std::string& text, const fs::path& entry) {
  const std::string& origin = entry.native();
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJson(text, origin));
  ARROW_ASSIGN_OR_RAISE(const int version, JsonField<int>(json, "format_version", origin));
  if (version != kFormatVersion) return Status::Invalid(origin, ": has format version ", version);
  CachedModel model;
  ARROW_ASSIGN_OR_RAISE(const auto file, JsonField<std::string>(json, "file", origin));
  ARROW_ASSIGN_OR_RAISE(const ContainedName name, ContainedName::Make(file, origin));
  if (file.find('/') != std::string::npos) return Status::Invalid(origin, ": \"file\" must lie in the same folder");
  model.file = entry.parent_path() / name.text();
  ARROW_ASSIGN_OR_RAISE(model.size, JsonField<std::int64_t>(json, "size", origin));
  ARROW_ASSIGN_OR_RAISE(model.weights_sha256, JsonField<std::string>(json, "weights_sha256", origin));
  ARROW_ASSIGN_OR_RAISE(model.source, JsonField<std::string>(json, "source", origin));
  model.verified = json.value("known_file", false);
  return model;
}

/// A folder of the cache; no link leads out of it.
Result<Location> OpenFolder(const fs::path& folder) {
  ARROW_ASSIGN_OR_RAISE(Location location, Location::Parse(folder.native()));
  location.beneath = location.path;
  return location;
}

/// \return -1 for a link, too
std::int64_t SizeOf(const fs::path& file) {
  std::error_code error;
  if (fs::is_symlink(file, error)) return -1;
  const auto size = fs::file_size(file, error);
  return error ? -1 : static_cast<std::int64_t>(size);
}

}  // namespace

Result<std::optional<CachedModel>> ModelCache::Find(const RegistryModel& model) const {
  const fs::path entry = FolderOf(model) / kEntryName;
  ARROW_ASSIGN_OR_RAISE(const Location folder, OpenFolder(FolderOf(model)));
  const Location place = folder.Child(kEntryName);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind == PlaceKind::kMissing) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(place));
  // An entry that cannot be understood, such as one of a later version, is as good as none: it is fetched anew.
  Result<CachedModel> cached = ParseEntry(text, entry);
  if (!cached.ok() || SizeOf(cached->file) != cached->size) return std::nullopt;
  if (!model.weights_sha256.empty()) {
    if (cached->weights_sha256 != model.weights_sha256) return std::nullopt;
    cached->verified = true;
  }
  return *std::move(cached);
}

Status ModelCache::Store(const RegistryModel& model, const VggWeights& weights, std::string_view source,
                         bool known_file) const {
  const std::string sha256 = weights.Sha256();
  if (!model.weights_sha256.empty() && sha256 != model.weights_sha256) {
    return Status::Invalid(source, ": these are not the weights of ", model.name, ": their SHA-256 is ", sha256, ", ",
                           model.weights_sha256, " was wanted; weights of your own go to `pomona run --weights FILE`");
  }
  ARROW_ASSIGN_OR_RAISE(const Location folder, OpenFolder(FolderOf(model)));
  const std::string name = sha256 + ".safetensors";
  ARROW_ASSIGN_OR_RAISE(const auto output, OpenAtomicOutput(folder.Child(name)));
  ARROW_RETURN_NOT_OK(weights.WriteSafetensors(output.get()));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t size, output->Tell());
  ARROW_RETURN_NOT_OK(output->Close());
  const Json entry = {{"format_version", kFormatVersion},
                      {"file", name},
                      {"size", size},
                      {"weights_sha256", sha256},
                      {"source", std::string(source)},
                      {"known_file", known_file},
                      {"licence", model.licence},
                      {"attribution", model.attribution}};
  return WriteAtomically(folder.Child(kEntryName), entry.dump(2) + "\n");
}

Result<std::int64_t> ModelCache::Remove(const RegistryModel& model) const {
  const fs::path folder = FolderOf(model);
  std::error_code error;
  if (!fs::exists(folder, error)) return 0;
  ARROW_ASSIGN_OR_RAISE(const auto lock, Acquire(model, nullptr));
  std::int64_t freed = 0;
  // The entry goes first: without it nobody opens the rest.
  std::vector<fs::path> files = {folder / kEntryName};
  for (const fs::directory_entry& item : fs::directory_iterator(folder, error)) {
    const fs::path extension = item.path().extension();
    if (extension == ".safetensors" || extension == ".part" || extension == ".download") files.push_back(item.path());
  }
  for (const fs::path& file : files) {
    const std::int64_t size = SizeOf(file);
    if (size < 0) continue;
    if (!fs::remove(file, error) || error) {
      return Status::IOError(file.native(), ": cannot be removed: ", error.message());
    }
    freed += size;
  }
  fs::remove(folder / kLockName, error);
  fs::remove(folder, error);  // stays when something else lies in it
  return freed;
}

ModelCache::Lock::~Lock() { close(fd_); }

Result<std::unique_ptr<ModelCache::Lock>> ModelCache::Acquire(const RegistryModel& model,
                                                              const Cancellation* cancellation) const {
  const fs::path folder = FolderOf(model);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Status::IOError(folder.native(), ": the model cache cannot be written: ", error.message(),
                           "; POMONA_MODELS names another folder");
  }
  const fs::path path = folder / kLockName;
  for (;;) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
      return Status::IOError(path.native(),
                             ": the model cache cannot be written: ", std::generic_category().message(errno),
                             "; POMONA_MODELS names another folder");
    }
    std::unique_ptr<Lock> lock(new Lock(fd));
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return Status::IOError(path.native(), ": cannot be locked: ", std::generic_category().message(errno));
      }
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    // Whoever held the lock may have removed its file; then others lock a new one, and this one counts for nothing.
    struct stat held{};
    struct stat named{};
    if (fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
        held.st_ino == named.st_ino) {
      return lock;
    }
    fs::create_directories(folder, error);
  }
}

}  // namespace pomona
