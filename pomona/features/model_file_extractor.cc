#include "pomona/features/model_file_extractor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include <openvino/openvino.hpp>
#include <unistd.h>

#include "pomona/base/hash.h"
#include "pomona/features/model_file_graph.h"
#include "pomona/features/openvino_runtime.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormats = ".onnx, .tflite, .xml (OpenVINO), .pb or a TensorFlow SavedModel folder";

Status HashFile(const fs::path& path, Hasher* hasher) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hasher->Update(std::string_view(buffer.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) return Status::IOError("cannot read ", path.string());
  return Status::OK();
}

/// The files that make up a model, in the order they are hashed.
Result<std::vector<fs::path>> FilesOf(const fs::path& model) {
  std::error_code error;
  if (!fs::exists(model, error)) return Status::IOError("no model file at ", model.string());
  if (!fs::is_directory(model, error)) {
    if (!fs::is_regular_file(model, error)) return Status::IOError(model.string(), " is not a regular file");
    std::vector<fs::path> files = {model};
    if (model.extension() == ".xml") {
      const fs::path weights = fs::path(model).replace_extension(".bin");
      if (!fs::exists(weights, error)) {
        return Status::IOError("the weights of ", model.string(), " are missing: no ", weights.string());
      }
      files.push_back(weights);
    }
    return files;
  }
  if (!fs::exists(model / "saved_model.pb", error)) {
    return Status::Invalid(model.string(), " is a folder but no TensorFlow SavedModel: saved_model.pb is not in it");
  }
  std::vector<fs::path> files;
  auto entry = fs::recursive_directory_iterator(model, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path());
  }
  if (error) return Status::IOError("cannot list ", model.string(), ": ", error.message());
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::unique_ptr<FeatureExtractor>> Finish(const std::shared_ptr<ov::Model>& model,
                                                 const ModelFileOptions& options, ChannelPlace usual_place,
                                                 std::string_view name, std::string weights_sha256) {
  ARROW_ASSIGN_OR_RAISE(const auto graph, AdaptModel(model, options, usual_place, name));
  OpenVinoOptions runtime;
  runtime.precision = options.network.precision;
  runtime.threads = options.network.threads;
  runtime.weights_sha256 = std::move(weights_sha256);
  return MakeOpenVinoExtractor(graph, runtime);
}

Status CheckOptions(const ModelFileOptions& options) {
  if (options.network.precision == Precision::kInt8) {
    return Status::NotImplemented(
        "precision int8 is for vgg16 and vgg19; a model file keeps the precision it was quantised to");
  }
  return CheckPrecision(options.network.precision);
}

/// \brief A file that lives as long as the object, for a reader that takes paths only.
class TemporaryFile {
 public:
  static Result<std::unique_ptr<TemporaryFile>> Make(std::span<const std::byte> bytes, std::string_view extension) {
    std::error_code error;
    fs::path folder = fs::temp_directory_path(error);
    if (error) folder = "/tmp";
    std::string pattern = (folder / "pomona-XXXXXX").string() + std::string(extension);
    const int descriptor = mkstemps(pattern.data(), static_cast<int>(extension.size()));
    if (descriptor < 0) {
      return Status::IOError("no temporary file can be made in ", folder.string(), ": ",
                             std::generic_category().message(errno));
    }
    close(descriptor);
    std::unique_ptr<TemporaryFile> file(new TemporaryFile(pattern));
    std::ofstream stream(pattern, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush()) return Status::IOError("cannot write ", pattern, "; is the disk full?");
    return file;
  }
  ~TemporaryFile() {
    std::error_code error;
    fs::remove(path_, error);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace

Result<std::unique_ptr<FeatureExtractor>> MakeModelFileExtractor(const fs::path& file,
                                                                 const ModelFileOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_ASSIGN_OR_RAISE(const std::vector<fs::path> files, FilesOf(file));
  const std::string extension = file.extension().string();
  constexpr std::array<std::string_view, 4> kExtensions = {".onnx", ".tflite", ".xml", ".pb"};
  std::error_code error;
  if (!fs::is_directory(file, error) &&
      std::find(kExtensions.begin(), kExtensions.end(), extension) == kExtensions.end()) {
    return Status::Invalid(file.string(), " is no model file by its name: ", kFormats, " wanted");
  }
  Hasher hasher(HashKind::kSha256);
  for (const fs::path& part : files) ARROW_RETURN_NOT_OK(HashFile(part, &hasher));

  ARROW_ASSIGN_OR_RAISE(ov::Core* const core, OpenVinoCore());
  std::shared_ptr<ov::Model> model;
  try {
    model = core->read_model(file.string());
  } catch (const std::exception& exception) {
    return Status::Invalid(file.string(), " cannot be read as a model: ", OpenVinoMessage(exception.what()));
  }
  const bool channels_first = extension == ".onnx" || extension == ".xml";
  return Finish(model, options, channels_first ? ChannelPlace::kFirst : ChannelPlace::kLast, file.string(),
                hasher.Finish());
}

Result<std::unique_ptr<FeatureExtractor>> MakeModelBytesExtractor(std::span<const std::byte> bytes,
                                                                  std::string_view extension, std::string_view name,
                                                                  const ModelFileOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  if (extension != ".onnx" && extension != ".tflite") {
    return Status::Invalid(name, " is no .onnx or .tflite file; other models need a local file");
  }
  Hasher hasher(HashKind::kSha256);
  hasher.Update(bytes);
  ARROW_ASSIGN_OR_RAISE(ov::Core* const core, OpenVinoCore());
  std::shared_ptr<ov::Model> model;
  std::unique_ptr<TemporaryFile> file;  // TensorFlow Lite models are read from paths only
  if (extension == ".tflite") {
    ARROW_ASSIGN_OR_RAISE(file, TemporaryFile::Make(bytes, extension));
  }
  try {
    model = file != nullptr ? core->read_model(file->path().string())
                            : core->read_model(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                                               ov::Tensor());
  } catch (const std::exception& exception) {
    return Status::Invalid(name, " cannot be read as a model: ", OpenVinoMessage(exception.what()));
  }
  const bool channels_first = extension == ".onnx";
  return Finish(model, options, channels_first ? ChannelPlace::kFirst : ChannelPlace::kLast, name, hasher.Finish());
}

}  // namespace pomona
