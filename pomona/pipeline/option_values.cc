#include "pomona/pipeline/option_values.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "pomona/pipeline/number_text.h"

namespace pomona::option_values {
namespace {

std::string Shown(const Json& value) {
  return value.is_string() ? "\"" + value.get<std::string>() + "\"" : value.dump();
}

std::optional<double> NumberFrom(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  return ParseNumber(value.get_ref<const std::string&>());
}

}  // namespace

Status Text(const Json& value, std::string* text) {
  if (!value.is_string()) return Status::Invalid(value.dump(), " is no text");
  *text = value.get<std::string>();
  return Status::OK();
}

Status Texts(const Json& value, std::vector<std::string>* texts) {
  if (value.is_string()) {
    texts->push_back(value.get<std::string>());
    return Status::OK();
  }
  if (!value.is_array()) return Status::Invalid(value.dump(), " is neither a text nor a list of texts");
  for (const Json& item : value) ARROW_RETURN_NOT_OK(Texts(item.is_string() ? item : Json(), texts));
  return Status::OK();
}

Status Hosts(const Json& value, std::vector<std::string>* hosts) {
  std::vector<std::string> texts;
  ARROW_RETURN_NOT_OK(Texts(value, &texts));
  for (const std::string& text : texts) {
    for (std::string_view rest = text;;) {
      const std::string_view host = rest.substr(0, rest.find(','));
      if (host.empty() || host.find_first_of("/@?# ") != std::string_view::npos) {
        return Status::Invalid(
            "hosts such as account.dfs.core.windows.net or namenode:8020 are wanted, without "
            "scheme, user and path");
      }
      hosts->emplace_back(host);
      if (host.size() == rest.size()) break;
      rest.remove_prefix(host.size() + 1);
    }
  }
  return Status::OK();
}

Status Switch(const Json& value, bool meaning, bool* flag) {
  if (!value.is_boolean()) return Status::Invalid(Shown(value), " is neither true nor false");
  *flag = value.get<bool>() ? meaning : !meaning;
  return Status::OK();
}

Result<std::int64_t> ParseInteger(const Json& value, std::int64_t least) {
  const std::optional<double> number = NumberFrom(value);
  constexpr double kLargest = 9.0e15;  // doubles hold whole numbers exactly up to 2^53
  if (!number || *number != std::floor(*number) || std::fabs(*number) > kLargest) {
    return Status::Invalid(Shown(value), " is no whole number");
  }
  if (*number < static_cast<double>(least)) {
    return Status::Invalid(Shown(value), " is too small; at least ", least, " is wanted");
  }
  return static_cast<std::int64_t>(*number);
}

Status Integer(const Json& value, std::int64_t least, std::int64_t* number) {
  ARROW_ASSIGN_OR_RAISE(*number, ParseInteger(value, least));
  return Status::OK();
}

Status Integer(const Json& value, std::int64_t least, int* number) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t wide, ParseInteger(value, least));
  if (wide > std::numeric_limits<int>::max()) return Status::Invalid(Shown(value), " is too large");
  *number = static_cast<int>(wide);
  return Status::OK();
}

Status Integer(const Json& value, std::int64_t least, std::optional<std::int64_t>* number) {
  number->reset();
  if (value.is_null()) return Status::OK();
  return ParseInteger(value, least).Value(&number->emplace());
}

Status Number(const Json& value, double least, double most, double* number) {
  const std::optional<double> found = NumberFrom(value);
  if (!found || !(*found >= least && *found <= most)) {
    return Status::Invalid(Shown(value), " is no number from ", NumberText(least), " to ", NumberText(most));
  }
  *number = *found;
  return Status::OK();
}

Status Number(const Json& value, double least, double most, std::optional<double>* number) {
  number->reset();
  if (value.is_null()) return Status::OK();
  double found = 0;
  ARROW_RETURN_NOT_OK(Number(value, least, most, &found));
  *number = found;
  return Status::OK();
}

Status Triple(const Json& value, std::optional<std::array<float, 3>>* numbers) {
  numbers->reset();
  if (value.is_null()) return Status::OK();
  std::vector<double> found;
  const auto add = [&](const Json& item) {
    const std::optional<double> number = NumberFrom(item);
    if (number) found.push_back(*number);
    return number.has_value();
  };
  bool good = true;
  if (value.is_array()) {
    for (const Json& item : value) good = good && add(item);
  } else if (value.is_string()) {
    std::string_view rest = value.get_ref<const std::string&>();
    while (good) {
      const std::size_t comma = rest.find(',');
      good = add(std::string(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  } else {
    good = add(value);
  }
  if (!good || (found.size() != 1 && found.size() != 3)) {
    return Status::Invalid(Shown(value), " is neither one number nor three separated by commas");
  }
  std::array<float, 3> triple{};
  for (std::size_t i = 0; i < 3; ++i) triple[i] = static_cast<float>(found[found.size() == 1 ? 0 : i]);
  *numbers = triple;
  return Status::OK();
}

Status Bytes(const Json& value, std::int64_t* bytes) {
  constexpr std::array<std::pair<std::string_view, double>, 14> kUnits = {{{"KiB", 1024.0},
                                                                           {"MiB", 1048576.0},
                                                                           {"GiB", 1073741824.0},
                                                                           {"TiB", 1099511627776.0},
                                                                           {"kB", 1e3},
                                                                           {"KB", 1e3},
                                                                           {"MB", 1e6},
                                                                           {"GB", 1e9},
                                                                           {"TB", 1e12},
                                                                           {"K", 1e3},
                                                                           {"k", 1e3},
                                                                           {"M", 1e6},
                                                                           {"G", 1e9},
                                                                           {"T", 1e12}}};
  double factor = 1;
  Json number = value;
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    for (const auto& [unit, size] : kUnits) {
      if (!std::string_view(text).ends_with(unit)) continue;
      text.resize(text.size() - unit.size());
      while (text.ends_with(' ')) text.pop_back();
      factor = size;
      break;
    }
    number = text;
  }
  const std::optional<double> found = NumberFrom(number);
  if (!found || *found < 0 || *found * factor > 9e18) {
    return Status::Invalid(Shown(value), " is no number of bytes, such as 2GB");
  }
  *bytes = static_cast<std::int64_t>(*found * factor);
  return Status::OK();
}

std::string LabelRuleText(const LabelRule& rule) {
  if (rule.kind == LabelRule::Kind::kRegex) return "regex:" + rule.pattern;
  return rule.kind == LabelRule::Kind::kNone ? "none" : "parent";
}

Status ParseLabelRule(const Json& value, LabelRule* rule) {
  std::string text;
  ARROW_RETURN_NOT_OK(Text(value, &text));
  constexpr std::string_view kRegex = "regex:";
  if (text == "parent") {
    *rule = {LabelRule::Kind::kParent, ""};
  } else if (text == "none") {
    *rule = {LabelRule::Kind::kNone, ""};
  } else if (text.starts_with(kRegex)) {
    *rule = {LabelRule::Kind::kRegex, text.substr(kRegex.size())};
  } else {
    return Status::Invalid("\"", text, "\" is none of parent, none, regex:PATTERN");
  }
  return Status::OK();
}

Json ImageSizeText(const NetworkOptions& network) {
  if (network.image_width == 0) return nullptr;
  return std::to_string(network.image_width) + "x" + std::to_string(network.image_height);
}

Status ParseImageSize(const Json& value, NetworkOptions* network) {
  constexpr std::int64_t kLargest = 65'535;
  Status wrong = Status::Invalid(Shown(value), " is no size in pixels, such as 224 or 320x240 (1 to 65535)");
  if (value.is_null()) {
    network->image_width = network->image_height = 0;
    return Status::OK();
  }
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  const std::size_t cross = text.find('x');
  const Result<std::int64_t> width = ParseInteger(text.substr(0, cross), 1);
  const Result<std::int64_t> height = cross == std::string::npos ? width : ParseInteger(text.substr(cross + 1), 1);
  if (!width.ok() || !height.ok() || *width > kLargest || *height > kLargest) return wrong;
  network->image_width = static_cast<int>(*width);
  network->image_height = static_cast<int>(*height);
  return Status::OK();
}

std::string PrecisionText(const RunOptions& options) {
  return options.auto_precision ? "auto" : std::string(PrecisionName(options.extractor.network.precision));
}

Status ParsePrecision(const Json& value, RunOptions* options) {
  options->auto_precision = value.is_string() && value.get_ref<const std::string&>() == "auto";
  if (options->auto_precision) return Status::OK();
  return Choice(value, PrecisionFromName, "f32, bf16, int8, auto", &options->extractor.network.precision);
}

std::string EngineText(EngineChoice engine) {
  switch (engine) {
    case EngineChoice::kOpenVino:
      return "openvino";
    case EngineChoice::kNative:
      return "native";
    default:
      return "auto";
  }
}

std::optional<EngineChoice> EngineFromText(std::string_view text) {
  if (text == "auto") return EngineChoice::kAuto;
  if (text == "openvino") return EngineChoice::kOpenVino;
  if (text == "native") return EngineChoice::kNative;
  return std::nullopt;
}

Json ChannelOrderText(const std::optional<ChannelOrder>& order) {
  if (!order) return nullptr;
  return *order == ChannelOrder::kRgb ? "rgb" : "bgr";
}

Status ParseChannelOrder(const Json& value, std::optional<ChannelOrder>* order) {
  order->reset();
  if (value.is_null()) return Status::OK();
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text != "rgb" && text != "bgr") return Status::Invalid("\"", text, "\" is none of rgb, bgr");
  *order = text == "rgb" ? ChannelOrder::kRgb : ChannelOrder::kBgr;
  return Status::OK();
}

std::string FailureLimitText(const FailureLimit& limit) {
  if (limit.images) return std::to_string(*limit.images);
  return NumberText(limit.share * 100) + "%";
}

Status ParseFailureLimit(const Json& value, FailureLimit* limit) {
  if (value.is_string() && value.get_ref<const std::string&>().ends_with('%')) {
    std::string text = value.get<std::string>();
    text.pop_back();
    double percent = 0;
    ARROW_RETURN_NOT_OK(Number(text, 0, 100, &percent));
    *limit = {std::nullopt, percent / 100};
    return Status::OK();
  }
  const Result<std::int64_t> images = ParseInteger(value, 0);
  if (!images.ok()) return Status::Invalid(Shown(value), " is neither a number of images nor a share such as 2%");
  *limit = {*images, limit->share};
  return Status::OK();
}

std::string UpdateText(UpdateKind update) {
  switch (update) {
    case UpdateKind::kKeep:
      return "keep";
    case UpdateKind::kMirror:
      return "mirror";
    default:
      return "none";
  }
}

Status ParseUpdate(const Json& value, UpdateKind* update) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text == "keep" || text == "true") {
    *update = UpdateKind::kKeep;
  } else if (text == "mirror") {
    *update = UpdateKind::kMirror;
  } else if (text == "none" || text == "false") {
    *update = UpdateKind::kNone;
  } else {
    return Status::Invalid("\"", text, "\" is neither mirror nor nothing at all; write --update or --update=mirror");
  }
  return Status::OK();
}

}  // namespace pomona::option_values
