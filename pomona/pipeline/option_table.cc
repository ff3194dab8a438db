#include "pomona/pipeline/option_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/labels.h"
#include "pomona/pipeline/option_values.h"

namespace pomona {
namespace {

using option_values::Choice;
using option_values::Integer;
using option_values::Number;
using option_values::Switch;
using option_values::Text;
using option_values::Triple;

constexpr std::string_view kInputGroup = "Input";
constexpr std::string_view kFeaturesGroup = "Features";
constexpr std::string_view kReductionGroup = "Reduction";
constexpr std::string_view kOutputGroup = "Output";
constexpr std::string_view kMachineGroup = "Machine";

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// A text that may be left out.
Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(ToValidUtf8(text)); }

Status TextUnlessNull(const Json& value, std::string* text) {
  return value.is_null() ? Status::OK() : Text(value, text);
}

/// Texts as JSON can hold them.
Json Texts(const std::vector<std::string>& texts) {
  Json values = Json::array();
  for (const std::string& text : texts) values.push_back(ToValidUtf8(text));
  return values;
}

constexpr std::array kTable = {
    OptionEntry{"input", OptionKind::kResult, kInputGroup, "INPUT", "",
                "Folder or bucket prefix whose parent folder names are labels; a .csv or .parquet list with the "
                "columns path and, if wanted, label; a .tar archive or a .parquet file with a column of image bytes, "
                "or a folder of them; or the manifest.json of an S3 Inventory report.",
                false, false, [](const RunOptions& o) -> Json { return ToValidUtf8(o.input); },
                [](const Json& v, RunOptions* o) { return Text(v, &o->input); }},
    OptionEntry{"label-from", OptionKind::kResult, kInputGroup, "RULE", "parent",
                "Where a label comes from: parent (the parent folder's name), none, or regex:PATTERN with one group "
                "on the path.",
                false, false, [](const RunOptions& o) -> Json { return option_values::LabelRuleText(o.label_from); },
                [](const Json& v, RunOptions* o) { return option_values::ParseLabelRule(v, &o->label_from); }},
    OptionEntry{"bytes-column", OptionKind::kResult, kInputGroup, "NAME", "bytes, image, ...",
                "Column of a .parquet INPUT that holds the images; a field of a structure as image.bytes.", false,
                false, [](const RunOptions& o) -> Json { return TextOrNull(o.columns.bytes); },
                [](const Json& v, RunOptions* o) { return TextUnlessNull(v, &o->columns.bytes); }},
    OptionEntry{"path-column", OptionKind::kResult, kInputGroup, "NAME", "path, uri, ...",
                "Column of a .csv or .parquet INPUT that holds the paths.", false, false,
                [](const RunOptions& o) -> Json { return TextOrNull(o.columns.path); },
                [](const Json& v, RunOptions* o) { return TextUnlessNull(v, &o->columns.path); }},
    OptionEntry{"label-column", OptionKind::kResult, kInputGroup, "NAME", "label",
                "Column of a .csv or .parquet INPUT that holds the labels.", false, false,
                [](const RunOptions& o) -> Json { return TextOrNull(o.columns.label); },
                [](const Json& v, RunOptions* o) { return TextUnlessNull(v, &o->columns.label); }},
    OptionEntry{"include", OptionKind::kResult, kInputGroup, "GLOB", "all images",
                "Take only paths that match; a pattern without '/' is tried on the file name, one with '/' on the path "
                "below INPUT ('**' crosses folders).",
                true, false, [](const RunOptions& o) -> Json { return Texts(o.include); },
                [](const Json& v, RunOptions* o) { return option_values::Texts(v, &o->include); }},
    OptionEntry{"exclude", OptionKind::kResult, kInputGroup, "GLOB", "", "Leave out paths that match.", true, false,
                [](const RunOptions& o) -> Json { return Texts(o.exclude); },
                [](const Json& v, RunOptions* o) { return option_values::Texts(v, &o->exclude); }},
    OptionEntry{"include-skipped", OptionKind::kResult, kInputGroup, "", "skipped, and counted",
                "Take files, too, that are skipped because of their names, such as .hidden.jpg, .DS_Store or _SUCCESS.",
                false, false, [](const RunOptions& o) -> Json { return o.include_skipped; },
                [](const Json& v, RunOptions* o) { return Switch(v, true, &o->include_skipped); }},
    OptionEntry{"sample", OptionKind::kResult, kInputGroup, "N", "all images",
                "Take N images, spread evenly over the labels, always the same ones.", false, false,
                [](const RunOptions& o) -> Json { return OrNull(o.sample); },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->sample); }},
    OptionEntry{"limit", OptionKind::kResult, kInputGroup, "N", "all images",
                "Take the first N images in path order (for a quick trial).", false, false,
                [](const RunOptions& o) -> Json { return OrNull(o.limit); },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->limit); }},
    OptionEntry{"no-exif-orientation", OptionKind::kResult, kInputGroup, "", "orientation applied",
                "Leave pixels as they are stored, whatever the EXIF orientation says.", false, false,
                [](const RunOptions& o) -> Json { return !o.decode.apply_exif_orientation; },
                [](const Json& v, RunOptions* o) { return Switch(v, false, &o->decode.apply_exif_orientation); }},
    OptionEntry{"max-image-pixels", OptionKind::kResult, kInputGroup, "N", "178956970",
                "Refuse larger images before they are decoded.", false, false,
                [](const RunOptions& o) -> Json { return o.decode.max_pixels; },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->decode.max_pixels); }},
    OptionEntry{"image-timeout", OptionKind::kRun, kInputGroup, "SECONDS", "60",
                "Give up an image whose decoding takes longer.", false, false,
                [](const RunOptions& o) -> Json { return o.decode.timeout_s; },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->decode.timeout_s); }},

    OptionEntry{"extractor", OptionKind::kResult, kFeaturesGroup, "NAME", "vgg16",
                "What makes features: vgg16, vgg19, pixels, a name from `pomona models list`, or a model file (.onnx, "
                ".tflite, .xml, or a SavedModel folder).",
                false, false, [](const RunOptions& o) -> Json { return ToValidUtf8(o.extractor.extractor); },
                [](const Json& v, RunOptions* o) { return Text(v, &o->extractor.extractor); }},
    OptionEntry{"weights", OptionKind::kResult, kFeaturesGroup, "URI", "the model cache",
                "A Keras .h5 or .safetensors file with the weights.", false, true,
                [](const RunOptions& o) -> Json { return ToValidUtf8(o.extractor.weights); },
                [](const Json& v, RunOptions* o) { return Text(v, &o->extractor.weights); }},
    OptionEntry{"image-size", OptionKind::kResult, kFeaturesGroup, "N|WxH", "the extractor's own",
                "Size in pixels that images are resized to.", false, false,
                [](const RunOptions& o) -> Json { return option_values::ImageSizeText(o.extractor.network); },
                [](const Json& v, RunOptions* o) { return option_values::ParseImageSize(v, &o->extractor.network); }},
    OptionEntry{"resample", OptionKind::kResult, kFeaturesGroup, "FILTER", "bicubic",
                "Filter of the resize: nearest, bilinear, bicubic or lanczos, as in Pillow.", false, false,
                [](const RunOptions& o) -> Json { return ResizeFilterName(o.resample); },
                [](const Json& v, RunOptions* o) {
                  return Choice(v, ResizeFilterFromName, "nearest, bilinear, bicubic, lanczos", &o->resample);
                }},
    OptionEntry{"pooling", OptionKind::kResult, kFeaturesGroup, "KIND", "max",
                "What is taken from the last feature map: max, avg, or none (the whole map, flattened).", false, false,
                [](const RunOptions& o) -> Json { return PoolingName(o.extractor.network.pooling); },
                [](const Json& v, RunOptions* o) {
                  return Choice(v, PoolingFromName, "max, avg, none", &o->extractor.network.pooling);
                }},
    OptionEntry{"precision", OptionKind::kResult, kFeaturesGroup, "KIND", "f32",
                "Arithmetic of the network: f32, bf16, int8, or auto: the fastest that keeps --min-similarity on a "
                "sample of this input.",
                false, false, [](const RunOptions& o) -> Json { return option_values::PrecisionText(o); },
                [](const Json& v, RunOptions* o) { return option_values::ParsePrecision(v, o); }},
    OptionEntry{"min-similarity", OptionKind::kResult, kFeaturesGroup, "X", "0.999",
                "Mean cosine with the f32 features that --precision auto asks for.", false, false,
                [](const RunOptions& o) -> Json { return o.min_similarity; },
                [](const Json& v, RunOptions* o) { return Number(v, 0, 1, &o->min_similarity); }},
    OptionEntry{"engine", OptionKind::kResult, kFeaturesGroup, "NAME", "auto",
                "What runs the network: openvino, native, or auto: the faster one.", false, false,
                [](const RunOptions& o) -> Json { return option_values::EngineText(o.extractor.network.engine); },
                [](const Json& v, RunOptions* o) {
                  return Choice(v, option_values::EngineFromText, "auto, openvino, native",
                                &o->extractor.network.engine);
                }},
    OptionEntry{"output-node", OptionKind::kResult, kFeaturesGroup, "NAME", "the model's output",
                "Node of a model file whose values are the features.", false, false,
                [](const RunOptions& o) -> Json { return ToValidUtf8(o.extractor.output_node); },
                [](const Json& v, RunOptions* o) { return Text(v, &o->extractor.output_node); }},
    OptionEntry{"input-scale", OptionKind::kResult, kFeaturesGroup, "X[,Y,Z]", "the model's own",
                "Factor for every pixel value after the mean is taken away, one or one a channel.", false, false,
                [](const RunOptions& o) -> Json { return OrNull(o.extractor.input_scale); },
                [](const Json& v, RunOptions* o) { return Triple(v, &o->extractor.input_scale); }},
    OptionEntry{"input-mean", OptionKind::kResult, kFeaturesGroup, "X[,Y,Z]", "the model's own",
                "Taken away from every pixel value (0 to 255), one or one a channel.", false, false,
                [](const RunOptions& o) -> Json { return OrNull(o.extractor.input_mean); },
                [](const Json& v, RunOptions* o) { return Triple(v, &o->extractor.input_mean); }},
    OptionEntry{
        "channel-order", OptionKind::kResult, kFeaturesGroup, "rgb|bgr", "the model's own",
        "Order of the colours that a model file wants.", false, false,
        [](const RunOptions& o) -> Json { return option_values::ChannelOrderText(o.extractor.channel_order); },
        [](const Json& v, RunOptions* o) { return option_values::ParseChannelOrder(v, &o->extractor.channel_order); }},

    OptionEntry{"components", OptionKind::kResult, kReductionGroup, "K", "min(15, rank)", "Principal components kept.",
                false, false, [](const RunOptions& o) -> Json { return OrNull(o.components); },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->components); }},
    OptionEntry{"variance", OptionKind::kResult, kReductionGroup, "SHARE", "",
                "Keep the smallest number of components that explains this share of the variance.", false, false,
                [](const RunOptions& o) -> Json { return OrNull(o.variance); },
                [](const Json& v, RunOptions* o) { return Number(v, 0, 1, &o->variance); }},

    OptionEntry{"output", OptionKind::kRun, kOutputGroup, "URI", "", "Where everything is written.", false, false,
                [](const RunOptions& o) -> Json { return ToValidUtf8(o.output); },
                [](const Json& v, RunOptions* o) { return Text(v, &o->output); }},
    OptionEntry{"overwrite", OptionKind::kRun, kOutputGroup, "", "resume",
                "Start anew: delete what an earlier run wrote to the output, and nothing else.", false, false,
                [](const RunOptions& o) -> Json { return o.overwrite; },
                [](const Json& v, RunOptions* o) { return Switch(v, true, &o->overwrite); }},
    OptionEntry{"update", OptionKind::kRun, kOutputGroup, "[=mirror]", "",
                "Take up what is new or changed in INPUT since the output was made, without reading the rest again; "
                "=mirror also drops what is gone.",
                false, false, [](const RunOptions& o) -> Json { return option_values::UpdateText(o.update); },
                [](const Json& v, RunOptions* o) { return option_values::ParseUpdate(v, &o->update); }},
    OptionEntry{"max-failures", OptionKind::kRun, kOutputGroup, "N|N%", "1%, never fewer than 10",
                "Images that may be quarantined before the run counts as failed.", false, false,
                [](const RunOptions& o) -> Json { return option_values::FailureLimitText(o.max_failures); },
                [](const Json& v, RunOptions* o) { return option_values::ParseFailureLimit(v, &o->max_failures); }},
    OptionEntry{"no-thumbnails", OptionKind::kRun, kOutputGroup, "", "thumbnails shown",
                "Leave the small pictures out of the report.", false, false,
                [](const RunOptions& o) -> Json { return !o.thumbnails; },
                [](const Json& v, RunOptions* o) { return Switch(v, false, &o->thumbnails); }},
    OptionEntry{"self-contained", OptionKind::kRun, kOutputGroup, "", "named by hash",
                "Put the weights of a registry model into model/, too.", false, false,
                [](const RunOptions& o) -> Json { return o.self_contained; },
                [](const Json& v, RunOptions* o) { return Switch(v, true, &o->self_contained); }},
    OptionEntry{"shard-size", OptionKind::kResult, kOutputGroup, "N", "1024",
                "Images a shard, the unit of commit and resume; a multiple of 1,024 that never changes a number.",
                false, false, [](const RunOptions& o) -> Json { return o.shard_size; },
                [](const Json& v, RunOptions* o) { return Integer(v, 1, &o->shard_size); }},
    OptionEntry{
        "csv-safe", OptionKind::kResult, kOutputGroup, "", "as they are",
        "Put an apostrophe before paths and labels in projection.csv that a spreadsheet would run as a formula.", false,
        false, [](const RunOptions& o) -> Json { return o.csv_safe; },
        [](const Json& v, RunOptions* o) { return Switch(v, true, &o->csv_safe); }},
    OptionEntry{"allow-hosts", OptionKind::kRun, kMachineGroup, "HOST[,HOST]", "",
                "Hosts that URIs in a list, a model or an output may name; your credentials go there.", true, false,
                [](const RunOptions& o) -> Json { return Texts(o.allow_hosts); },
                [](const Json& v, RunOptions* o) { return option_values::Hosts(v, &o->allow_hosts); }},
    OptionEntry{"threads", OptionKind::kRun, kMachineGroup, "N", "what affinity and cgroup allow", "Threads.", false,
                false, [](const RunOptions& o) -> Json { return o.threads; },
                [](const Json& v, RunOptions* o) { return Integer(v, 0, &o->threads); }},
    OptionEntry{"memory", OptionKind::kRun, kMachineGroup, "BYTES", "what the cgroup allows",
                "Limit for what the engine holds, such as 2GB.", false, false,
                [](const RunOptions& o) -> Json { return o.memory; },
                [](const Json& v, RunOptions* o) { return option_values::Bytes(v, &o->memory); }},
};

}  // namespace

std::span<const OptionEntry> OptionTable() { return kTable; }

const OptionEntry* FindOption(std::string_view name) {
  for (const OptionEntry& entry : kTable) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool DecidesFeatures(const OptionEntry& entry) {
  if (entry.kind != OptionKind::kResult || entry.group == kReductionGroup || entry.group == kOutputGroup) return false;
  constexpr std::array<std::string_view, 2> kOfInput = {"no-exif-orientation", "max-image-pixels"};
  constexpr std::array<std::string_view, 2> kNotKept = {"weights", "min-similarity"};
  const auto is = [&](std::string_view name) { return name == entry.name; };
  if (entry.group == kInputGroup) return std::any_of(kOfInput.begin(), kOfInput.end(), is);
  return std::none_of(kNotKept.begin(), kNotKept.end(), is);
}

std::vector<std::string> OptionNames() {
  std::vector<std::string> names;
  names.reserve(kTable.size());
  for (const OptionEntry& entry : kTable) names.emplace_back(entry.name);
  return names;
}

Status SetOption(std::string_view name, const Json& value, RunOptions* options) {
  const OptionEntry* entry = FindOption(name);
  if (entry == nullptr) {
    const std::vector<std::string> names = OptionNames();
    const std::string nearest = NearestWord(name, names);
    return UsageError("unknown option \"" + std::string(name) + "\"" +
                      (nearest.empty() ? std::string() : "; did you mean \"" + nearest + "\"?"));
  }
  Status status = entry->set(value, options);
  if (status.ok()) return status;
  return UsageError((name == "input" ? "INPUT" : "--" + std::string(name)) + ": " + status.message());
}

Json OptionValues(const RunOptions& options, OptionKind kind) {
  Json values = Json::object();
  for (const OptionEntry& entry : kTable) {
    if (entry.kind == kind) values[std::string(entry.name)] = entry.get(options);
  }
  return values;
}

Status ValidateOptions(const RunOptions& options) {
  if (options.input.empty()) return UsageError("INPUT is missing: name a folder, a bucket prefix or a list file");
  if (options.output.empty()) return UsageError("--output is missing: name a folder or bucket prefix to write to");
  if (options.components && options.variance) {
    return UsageError("--components and --variance contradict each other: give one of them");
  }
  if (options.variance && *options.variance <= 0) {
    return UsageError("--variance: a share above 0 and up to 1 is wanted, such as 0.95");
  }
  if (options.update != UpdateKind::kNone && options.overwrite) {
    return UsageError("--update and --overwrite contradict each other: take up what is new, or start anew");
  }
  if (options.update == UpdateKind::kKeep && (options.sample || options.limit)) {
    return UsageError(std::string("--update: ") + (options.sample ? "--sample" : "--limit") +
                      " chooses other images once there are more; give --update=mirror, which also drops those that "
                      "are no longer chosen");
  }
  ARROW_RETURN_NOT_OK(Labeler::Make(options.label_from).status());
  if (options.shard_size % 1024 != 0) {
    const std::int64_t nearest = std::max<std::int64_t>(1, (options.shard_size + 512) / 1024) * 1024;
    return UsageError("--shard-size: " + std::to_string(options.shard_size) + " is no multiple of 1,024; take " +
                      std::to_string(nearest));
  }
  return Status::OK();
}

Status CompareWithStored(const Json& stored, const Json& wanted, std::string_view output) {
  std::string differences;
  for (const auto& [name, value] : wanted.items()) {
    const OptionEntry* entry = FindOption(name);
    if (entry != nullptr && entry->compared_by) continue;
    const auto found = stored.find(name);
    // An option that is younger than the output was not given then.
    if (found == stored.end() ? value.is_null() || value == Json(false) : *found == value) continue;
    const auto shown = [](const Json& option) { return option.is_null() ? std::string("not given") : option.dump(); };
    differences.append(differences.empty() ? " " : "; ").append(name == "input" ? std::string("INPUT") : "--" + name);
    differences.append(": made with ").append(found == stored.end() ? "not given" : shown(*found));
    differences.append(", now ").append(shown(value));
  }
  if (differences.empty()) return Status::OK();
  return UsageError(std::string(output) + " was made with other options:" + differences +
                    ". Give the same options to go on, another --output to keep both, or --overwrite to start anew.");
}

}  // namespace pomona
