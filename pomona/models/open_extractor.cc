#include "pomona/models/open_extractor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/io/file.h>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/features/engine_choice.h"
#include "pomona/features/model_file_extractor.h"
#include "pomona/features/pixels_extractor.h"
#include "pomona/features/vgg_extractor.h"
#include "pomona/features/vgg_weights.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/location.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

constexpr std::string_view kPixels = "pixels";
constexpr int kPixelsImageSize = 16;

constexpr std::string_view kMissingModelTypeId = "pomona::MissingModel";

class MissingModelDetail : public arrow::StatusDetail {
 public:
  explicit MissingModelDetail(std::string name) : name_(std::move(name)) {}
  const char* type_id() const override { return kMissingModelTypeId.data(); }
  std::string ToString() const override { return "missing model " + name_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

/// What the features module finds wrong with the options is for the user to mend.
Status AsUsageError(const Status& status) {
  if (status.IsInvalid() || status.IsKeyError() || status.IsNotImplemented()) return UsageError(status.message());
  return status;
}

Status RefuseGraphOptions(const ExtractorRequest& request) {
  const auto refuse = [&](bool given, std::string_view option) {
    return given ? UsageError(std::string(option) + " is for model files; " + request.extractor + " has it fixed")
                 : Status::OK();
  };
  ARROW_RETURN_NOT_OK(refuse(!request.output_node.empty(), "--output-node"));
  ARROW_RETURN_NOT_OK(refuse(request.input_scale.has_value(), "--input-scale"));
  ARROW_RETURN_NOT_OK(refuse(request.input_mean.has_value(), "--input-mean"));
  return refuse(request.channel_order.has_value(), "--channel-order");
}

Status RefuseWeights(const ExtractorRequest& request) {
  if (request.weights.empty()) return Status::OK();
  return UsageError("--weights is for vgg16 and vgg19; " + ToValidUtf8(request.extractor) + " takes none");
}

/// A float as the shortest decimal that reads back to it, for JSON that people read.
double ShortestDecimal(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double shortest = 0;
  std::from_chars(text.data(), end, shortest);
  return shortest;
}

Json Describe(const Preprocessing& preprocessing) {
  const auto numbers = [](const std::array<float, 3>& values) {
    Json array = Json::array();
    for (const float value : values) array.push_back(ShortestDecimal(value));
    return array;
  };
  return {{"channel_order", preprocessing.channel_order == ChannelOrder::kRgb ? "rgb" : "bgr"},
          {"mean", numbers(preprocessing.mean)},
          {"scale", numbers(preprocessing.scale)}};
}

/// What holds for every extractor; "" becomes null.
Json Describe(std::string_view name, std::string_view source, std::string_view licence,
              const FeatureExtractor& extractor) {
  const auto text = [](std::string_view value) { return value.empty() ? Json(nullptr) : Json(std::string(value)); };
  return {{"name", std::string(name)},
          {"source", text(source)},
          {"licence", text(licence)},
          {"weights_sha256", text(extractor.weights_sha256())},
          {"image_width", extractor.image_width()},
          {"image_height", extractor.image_height()},
          {"dim", extractor.dim()},
          {"engine", extractor.engine()}};
}

/// Why this engine runs the network, and what the native one chose.
Status DescribeEngine(const NetworkOptions& network, const FeatureExtractor& extractor, Json* description) {
  ARROW_ASSIGN_OR_RAISE(const EngineDecision decision, DecideEngine(network));
  (*description)["engine_reason"] = decision.reason;
  if (Json plan = extractor.engine_plan(); !plan.is_null()) (*description)["native"] = std::move(plan);
  return Status::OK();
}

void DescribeNetwork(const NetworkOptions& network, const Preprocessing& preprocessing, std::string_view output_node,
                     Json* description) {
  (*description)["preprocessing"] = Describe(preprocessing);
  (*description)["output_node"] = output_node.empty() ? Json(nullptr) : Json(std::string(output_node));
  (*description)["pooling"] = std::string(PoolingName(network.pooling));
  (*description)["precision"] = std::string(PrecisionName(network.precision));
}

Result<OpenedExtractor> OpenPixels(const ExtractorRequest& request) {
  ARROW_RETURN_NOT_OK(RefuseWeights(request));
  ARROW_RETURN_NOT_OK(RefuseGraphOptions(request));
  const NetworkOptions& network = request.network;
  if (network.precision != Precision::kFloat32) {
    return UsageError("--precision " + std::string(PrecisionName(network.precision)) +
                      " is for networks; pixels are f32");
  }
  OpenedExtractor opened;
  auto extractor = MakePixelsExtractor(network.image_width == 0 ? kPixelsImageSize : network.image_width,
                                       network.image_height == 0 ? kPixelsImageSize : network.image_height);
  if (!extractor.ok()) return AsUsageError(extractor.status());
  opened.extractor = *std::move(extractor);
  opened.description = Describe(kPixels, "", "", *opened.extractor);
  opened.description["precision"] = "f32";
  return opened;
}

/// Weights and where they came from.
struct NamedWeights {
  VggWeights weights;
  std::string source;
  std::string sha256;  ///< that they must have; empty for any
  bool verified = false;
};

/// A local file, mapped: no copy of it is held, and processes that run side by side share its pages.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenMapped(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return Status::IOError(path, " is not a regular file");
  return arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ);
}

Result<NamedWeights> ReadOwnWeights(const ExtractorRequest& request, const VggVariant& variant) {
  ARROW_ASSIGN_OR_RAISE(const Location place, request.weights_source.Locate(request.weights));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind != PlaceKind::kFile) {
    return UsageError("--weights " + place.display +
                      (kind == PlaceKind::kMissing ? ": there is no such file" : ": is a folder, a file is wanted"));
  }
  ARROW_ASSIGN_OR_RAISE(const auto file, place.is_local() ? OpenMapped(place.path) : OpenInputFile(place));
  ARROW_ASSIGN_OR_RAISE(VggWeights weights, VggWeights::Read(file, variant, place.display));
  return NamedWeights{std::move(weights), place.display, "", false};
}

Result<NamedWeights> ReadCachedWeights(const RegistryModel& model, const std::filesystem::path& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto cached, ModelCache(folder).Find(model));
  if (!cached) {
    return Status(arrow::StatusCode::IOError,
                  model.name + " is not in the model cache (" + folder.native() + "): `pomona models fetch " +
                      model.name + "` fetches it, `pomona models import " + model.name +
                      " FILE` takes it from a file; --extractor mobilenetv2-0.35 needs no download",
                  std::make_shared<MissingModelDetail>(model.name));
  }
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenMapped(cached->file.native()));
  ARROW_ASSIGN_OR_RAISE(VggWeights weights, VggWeights::Read(file, model.vgg, cached->file.native()));
  const std::string source = cached->source + (cached->verified ? "" : " (not verified)");
  return NamedWeights{std::move(weights), source, cached->weights_sha256, cached->verified};
}

Result<OpenedExtractor> OpenVgg(const ExtractorRequest& request, const RegistryModel& model) {
  ARROW_RETURN_NOT_OK(RefuseGraphOptions(request));
  const bool own = !request.weights.empty();
  ARROW_ASSIGN_OR_RAISE(NamedWeights named,
                        own ? ReadOwnWeights(request, model.vgg) : ReadCachedWeights(model, request.model_cache));
  auto extractor = MakeVggExtractor(std::move(named.weights), request.network);
  if (!extractor.ok()) return AsUsageError(extractor.status());
  OpenedExtractor opened;
  opened.extractor = *std::move(extractor);
  const std::string sha256 = opened.extractor->weights_sha256();
  if (!named.sha256.empty() && sha256 != named.sha256) {
    return Status::IOError("The weights of ", model.name, " in the model cache are damaged: `pomona models remove ",
                           model.name, "` and `pomona models fetch ", model.name, "` mend it");
  }
  // What is not known to be the model's has a licence that only its owner knows.
  const bool official = named.verified || sha256 == model.weights_sha256;
  opened.description = Describe(model.name, named.source, official ? model.licence : "", *opened.extractor);
  DescribeNetwork(request.network, model.preprocessing, model.output_node, &opened.description);
  ARROW_RETURN_NOT_OK(DescribeEngine(request.network, *opened.extractor, &opened.description));
  return opened;
}

/// The preprocessing that the request asks for, over what is known of the model.
Preprocessing ChosenPreprocessing(const ExtractorRequest& request, Preprocessing preprocessing) {
  preprocessing.channel_order = request.channel_order.value_or(preprocessing.channel_order);
  preprocessing.mean = request.input_mean.value_or(preprocessing.mean);
  preprocessing.scale = request.input_scale.value_or(preprocessing.scale);
  return preprocessing;
}

Result<OpenedExtractor> OpenEmbedded(const ExtractorRequest& request, const RegistryModel& model) {
  ARROW_RETURN_NOT_OK(RefuseWeights(request));
  ARROW_RETURN_NOT_OK(RefuseGraphOptions(request));
  ModelFileOptions options;
  options.network = request.network;
  if (options.network.image_width == 0) options.network.image_width = model.image_size;
  if (options.network.image_height == 0) options.network.image_height = model.image_size;
  options.preprocessing = model.preprocessing;
  options.output_node = model.output_node;
  auto extractor = MakeModelBytesExtractor(model.embedded_bytes(), ".tflite", model.name, options);
  if (!extractor.ok()) return AsUsageError(extractor.status());
  OpenedExtractor opened;
  opened.extractor = *std::move(extractor);
  opened.description = Describe(model.name, "part of the program", model.licence, *opened.extractor);
  DescribeNetwork(options.network, options.preprocessing, options.output_node, &opened.description);
  return opened;
}

std::string ExtensionOf(const Location& place) { return std::filesystem::path(place.name()).extension().native(); }

Result<std::unique_ptr<FeatureExtractor>> MakeFromPlace(const Location& place, const ModelFileOptions& options) {
  if (place.is_local()) return MakeModelFileExtractor(place.path, options);
  const std::string extension = ExtensionOf(place);
  if (extension != ".onnx" && extension != ".tflite") {
    return UsageError("--extractor " + place.display +
                      ": of a store only .onnx and .tflite files can be opened; copy the others to a local folder");
  }
  ByteBuffer bytes;
  ARROW_RETURN_NOT_OK(ReadAll(place, &bytes));
  return MakeModelBytesExtractor(std::as_bytes(bytes.bytes()), extension, place.display, options);
}

Status NoSuchExtractor(const std::string& typed, const Location& place) {
  constexpr std::array kExtensions = {".onnx", ".tflite", ".xml", ".pb"};
  const std::string shown = PublicUri(typed);
  if (typed.find('/') != std::string::npos ||
      std::find(kExtensions.begin(), kExtensions.end(), ExtensionOf(place)) != kExtensions.end()) {
    return UsageError("--extractor " + shown + ": there is no such model file");
  }
  std::vector<std::string> names = {std::string(kPixels)};
  for (const RegistryModel& model : ModelRegistry::BuiltIn().models()) names.push_back(model.name);
  const std::string nearest = NearestWord(typed, names);
  return UsageError("--extractor " + shown + ": is neither a known name nor a file" +
                    (nearest.empty() ? "; " : "; did you mean " + nearest + "? ") +
                    "`pomona models list` names the models, and there is pixels");
}

Result<OpenedExtractor> OpenModelFile(const ExtractorRequest& request) {
  if (request.extractor.empty()) return UsageError("--extractor: no name was given; vgg16 is the usual one");
  ARROW_ASSIGN_OR_RAISE(const Location place, request.extractor_source.Locate(request.extractor));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
  if (kind == PlaceKind::kMissing) return NoSuchExtractor(request.extractor, place);
  const std::string extension = ExtensionOf(place);
  if (extension == ".h5" || extension == ".safetensors") {
    return UsageError("--extractor " + place.display +
                      ": holds weights without a graph; for weights of VGG16 use "
                      "--extractor vgg16 --weights " +
                      place.display + ", for those of VGG19 --extractor vgg19");
  }
  ARROW_RETURN_NOT_OK(RefuseWeights(request));
  ModelFileOptions options;
  options.network = request.network;
  options.preprocessing = ChosenPreprocessing(request, {});
  options.output_node = request.output_node;
  auto extractor = MakeFromPlace(place, options);
  if (!extractor.ok()) return AsUsageError(extractor.status());
  OpenedExtractor opened;
  opened.extractor = *std::move(extractor);
  opened.description = Describe(ToValidUtf8(place.name()), place.display, "", *opened.extractor);
  DescribeNetwork(options.network, options.preprocessing, options.output_node, &opened.description);
  if (place.is_local()) opened.model_file = place.path;
  return opened;
}

}  // namespace

std::optional<std::string> MissingModelOf(const Status& status) {
  if (status.ok() || status.detail() == nullptr || status.detail()->type_id() != kMissingModelTypeId) {
    return std::nullopt;
  }
  return static_cast<const MissingModelDetail&>(*status.detail()).name();
}

Result<OpenedExtractor> OpenExtractor(const ExtractorRequest& request) {
  const RegistryModel* model = ModelRegistry::BuiltIn().Find(request.extractor);
  const bool vgg = model != nullptr && model->format == RegistryModel::Format::kVggWeights;
  if (request.network.engine == EngineChoice::kNative && !vgg) {
    return UsageError("--engine native runs vgg16 and vgg19; " + ToValidUtf8(request.extractor) +
                      " needs openvino or auto");
  }
  if (request.extractor == kPixels) return OpenPixels(request);
  if (model == nullptr) return OpenModelFile(request);
  return model->embedded ? OpenEmbedded(request, *model) : OpenVgg(request, *model);
}

}  // namespace pomona
