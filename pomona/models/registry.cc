#include "pomona/models/registry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pomona/base/json.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"

extern "C" {
extern const unsigned char pomona_model_registry_begin[];
extern const unsigned char pomona_model_registry_end[];
extern const unsigned char pomona_model_mobilenetv2_035_begin[];
extern const unsigned char pomona_model_mobilenetv2_035_end[];
}

namespace pomona {
namespace {

constexpr int kFormatVersion = 1;

std::span<const std::byte> Bytes(const unsigned char* begin, const unsigned char* end) {
  return std::as_bytes(std::span(begin, end));
}

template <typename Value>
Result<Value> OneOf(const Json& object, std::string_view key, std::string_view origin,
                    std::initializer_list<std::pair<std::string_view, Value>> choices) {
  ARROW_ASSIGN_OR_RAISE(const auto text, JsonField<std::string>(object, key, origin));
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
  }
  return Status::Invalid(origin, ": \"", key, "\" is \"", text, "\", which is not known");
}

/// The text under a key, or "" when there is none.
Result<std::string> OptionalText(const Json& object, std::string_view key, std::string_view origin) {
  if (!object.contains(std::string(key))) return std::string();
  return JsonField<std::string>(object, key, origin);
}

Result<Preprocessing> ParsePreprocessing(const Json& object, std::string_view origin) {
  Preprocessing preprocessing;
  ARROW_ASSIGN_OR_RAISE(
      preprocessing.channel_order,
      OneOf<ChannelOrder>(object, "channel_order", origin, {{"rgb", ChannelOrder::kRgb}, {"bgr", ChannelOrder::kBgr}}));
  ARROW_ASSIGN_OR_RAISE(preprocessing.mean, (JsonField<std::array<float, 3>>(object, "mean", origin)));
  ARROW_ASSIGN_OR_RAISE(preprocessing.scale, (JsonField<std::array<float, 3>>(object, "scale", origin)));
  return preprocessing;
}

Result<ModelSource> ParseSource(const Json& object, std::string_view origin) {
  using Kind = ModelSource::Kind;
  ModelSource source;
  ARROW_ASSIGN_OR_RAISE(source.name, JsonField<std::string>(object, "name", origin));
  ARROW_ASSIGN_OR_RAISE(source.kind,
                        OneOf<Kind>(object, "kind", origin, {{"https", Kind::kHttps}, {"pip", Kind::kPip}}));
  ARROW_ASSIGN_OR_RAISE(source.note, JsonField<std::string>(object, "note", origin));
  ARROW_ASSIGN_OR_RAISE(source.md5, OptionalText(object, "md5", origin));
  ARROW_ASSIGN_OR_RAISE(source.sha256, OptionalText(object, "sha256", origin));
  if (source.kind == Kind::kHttps) {
    ARROW_ASSIGN_OR_RAISE(source.url, JsonField<std::string>(object, "url", origin));
    if (source.md5.empty() && source.sha256.empty()) {
      return Status::Invalid(origin, ": source \"", source.name, "\" has no checksum");
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(source.package, JsonField<std::string>(object, "package", origin));
    ARROW_ASSIGN_OR_RAISE(source.version, JsonField<std::string>(object, "version", origin));
    if (source.sha256.empty()) return Status::Invalid(origin, ": source \"", source.name, "\" has no checksum");
  }
  return source;
}

/// How the weights become a network, and how they are known.
Status ParseFormat(const Json& object, std::string_view origin, RegistryModel* model) {
  using Format = RegistryModel::Format;
  enum class Kind { kVgg16, kVgg19, kTflite };
  ARROW_ASSIGN_OR_RAISE(
      const Kind kind,
      OneOf<Kind>(object, "format", origin,
                  {{"vgg16-weights", Kind::kVgg16}, {"vgg19-weights", Kind::kVgg19}, {"tflite", Kind::kTflite}}));
  model->format = kind == Kind::kTflite ? Format::kTflite : Format::kVggWeights;
  if (kind != Kind::kTflite) model->vgg = kind == Kind::kVgg16 ? kVgg16 : kVgg19;
  ARROW_ASSIGN_OR_RAISE(model->weights_sha256, OptionalText(object, "weights_sha256", origin));
  if (model->weights_sha256.empty() && kind == Kind::kTflite) {
    return Status::Invalid(origin, ": has no \"weights_sha256\"");
  }
  return Status::OK();
}

Result<RegistryModel> ParseModel(const Json& object, std::string_view file) {
  RegistryModel model;
  ARROW_ASSIGN_OR_RAISE(model.name, JsonField<std::string>(object, "name", file));
  const std::string origin = std::string(file) + ", model \"" + model.name + "\"";
  // The name is also that of a folder in the cache.
  if (model.name.empty() || model.name.front() == '.' || model.name.find('/') != std::string::npos) {
    return Status::Invalid(origin, ": is no name");
  }
  ARROW_ASSIGN_OR_RAISE(model.description, JsonField<std::string>(object, "description", origin));
  ARROW_ASSIGN_OR_RAISE(model.licence, JsonField<std::string>(object, "licence", origin));
  ARROW_ASSIGN_OR_RAISE(model.attribution, JsonField<std::string>(object, "attribution", origin));
  ARROW_RETURN_NOT_OK(ParseFormat(object, origin, &model));
  ARROW_ASSIGN_OR_RAISE(const auto preprocessing, JsonField<Json>(object, "preprocessing", origin));
  ARROW_ASSIGN_OR_RAISE(model.preprocessing, ParsePreprocessing(preprocessing, origin));
  ARROW_ASSIGN_OR_RAISE(model.image_size, JsonField<int>(object, "image_size", origin));
  ARROW_ASSIGN_OR_RAISE(model.output, JsonField<std::string>(object, "output", origin));
  ARROW_ASSIGN_OR_RAISE(model.output_node, JsonField<std::string>(object, "output_node", origin));
  ARROW_ASSIGN_OR_RAISE(model.dim, JsonField<int>(object, "dim", origin));
  if (object.contains("embedded")) {
    ARROW_ASSIGN_OR_RAISE(model.embedded, JsonField<bool>(object, "embedded", origin));
  }
  ARROW_ASSIGN_OR_RAISE(const auto sources, JsonField<std::vector<Json>>(object, "sources", origin));
  for (const Json& source : sources) {
    ARROW_ASSIGN_OR_RAISE(ModelSource parsed, ParseSource(source, origin));
    model.sources.push_back(std::move(parsed));
  }
  return model;
}

}  // namespace

std::span<const std::byte> RegistryModel::embedded_bytes() const {
  if (!embedded || name != "mobilenetv2-0.35") return {};
  return Bytes(pomona_model_mobilenetv2_035_begin, pomona_model_mobilenetv2_035_end);
}

Result<ModelRegistry> ModelRegistry::Parse(std::string_view json, std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const Json root, ParseJson(json, origin));
  ARROW_ASSIGN_OR_RAISE(const int version, JsonField<int>(root, "format_version", origin));
  if (version != kFormatVersion) {
    return Status::Invalid(origin, ": has format version ", version, ", this program reads ", kFormatVersion);
  }
  ARROW_ASSIGN_OR_RAISE(const auto models, JsonField<std::vector<Json>>(root, "models", origin));
  ModelRegistry registry;
  for (const Json& object : models) {
    ARROW_ASSIGN_OR_RAISE(RegistryModel model, ParseModel(object, origin));
    if (registry.Find(model.name) != nullptr) {
      return Status::Invalid(origin, ": model \"", model.name, "\" is there twice");
    }
    registry.models_.push_back(std::move(model));
  }
  return registry;
}

const ModelRegistry& ModelRegistry::BuiltIn() {
  // The file is part of the program and a test reads it, so it cannot be wrong here.
  static const ModelRegistry registry =
      Parse({reinterpret_cast<const char*>(pomona_model_registry_begin),
             // NOLINTNEXTLINE(clang-analyzer-security.PointerSub): the linker lays both in one array
             static_cast<std::size_t>(pomona_model_registry_end - pomona_model_registry_begin)},
            "pomona/models/registry.json")
          .ValueOrDie();
  return registry;
}

const RegistryModel* ModelRegistry::Find(std::string_view name) const {
  const auto found =
      std::find_if(models_.begin(), models_.end(), [&](const auto& model) { return model.name == name; });
  return found == models_.end() ? nullptr : &*found;
}

Result<const RegistryModel*> ModelRegistry::Get(std::string_view name) const {
  if (const RegistryModel* model = Find(name)) return model;
  std::vector<std::string> names;
  names.reserve(models_.size());
  for (const RegistryModel& model : models_) names.push_back(model.name);
  const std::string nearest = NearestWord(name, names);
  return UsageError("There is no model \"" + ToValidUtf8(name) + "\"" +
                    (nearest.empty() ? "" : "; did you mean " + nearest + "?") + (nearest.empty() ? "; `" : " `") +
                    "pomona models list` names all");
}

}  // namespace pomona
