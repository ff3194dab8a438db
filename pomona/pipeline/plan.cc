#include "pomona/pipeline/plan.h"

#include <algorithm>

#include "pomona/base/resources.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/versions.h"

namespace pomona {
namespace {

std::string StrongestInstructionSet() {
  const std::vector<std::string> sets = InstructionSets();
  return sets.empty() ? "baseline" : sets.back();
}

Json ComponentRule(const RunOptions& options) {
  if (options.components) return {{"rule", "components"}, {"components", *options.components}};
  if (options.variance) return {{"rule", "variance"}, {"variance", *options.variance}};
  return {{"rule", "default"}, {"components", 15}};
}

void CollectDifferences(const Json& stored, const Json& now, const std::string& name, std::string* differences) {
  if (stored == now) return;
  if (stored.is_object() && now.is_object()) {
    const std::string above = name.empty() ? std::string() : name + ".";
    const auto inner = [&](const std::string& key) { return std::string(above).append(key); };
    for (const auto& [key, value] : stored.items()) {
      CollectDifferences(value, now.contains(key) ? now[key] : Json(), inner(key), differences);
    }
    for (const auto& [key, value] : now.items()) {
      if (!stored.contains(key)) CollectDifferences(Json(), value, inner(key), differences);
    }
    return;
  }
  *differences += (differences->empty() ? " " : "; ") + name + ": planned " + stored.dump() + ", here " + now.dump();
}

Status FollowEngine(const Json& plan, NetworkOptions* network) {
  const std::string engine = plan.value("engine", std::string());
  const Json extractor = plan.value("extractor", Json::object());
  if (engine.starts_with("openvino")) network->engine = EngineChoice::kOpenVino;
  if (engine != "native" || !extractor.contains("native")) return Status::OK();
  network->engine = EngineChoice::kNative;
  NativeEngineOptions& native = network->native;
  native.batch_size = network->batch_size;
  const Json& chosen = extractor["native"];
  ARROW_ASSIGN_OR_RAISE(native.tile_sizes, JsonField<std::vector<int>>(chosen, "tile_sizes", "plan"));
  ARROW_ASSIGN_OR_RAISE(native.instruction_set, JsonField<std::string>(chosen, "instruction_set", "plan"));
  return Status::OK();
}

}  // namespace

Json FeatureOptions(const RunOptions& options, const FeatureExtractor& extractor, Precision precision) {
  Json chosen = Json::object();
  for (const OptionEntry& entry : OptionTable()) {
    if (DecidesFeatures(entry)) chosen[std::string(entry.name)] = entry.get(options);
  }
  // What was left open is written as it was decided.
  chosen["image-size"] = std::to_string(extractor.image_width()) + "x" + std::to_string(extractor.image_height());
  chosen["precision"] = PrecisionName(precision);
  return chosen;
}

Status FollowPlan(const Json& plan, NetworkOptions* network, Json* precision_choice) {
  if (!plan.is_object()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(network->batch_size, JsonField<int>(plan, "batch_size", "plan"));
  ARROW_ASSIGN_OR_RAISE(const auto precision, JsonField<std::string>(plan, "precision", "plan"));
  network->precision = PrecisionFromName(precision).value_or(network->precision);
  const Json choice = plan.value("precision_choice", Json());
  if (precision_choice != nullptr) *precision_choice = choice;
  ARROW_RETURN_NOT_OK(FollowEngine(plan, network));
  network->int8_ranges.clear();
  if (!choice.is_object() || !choice.contains("int8_ranges")) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(network->int8_ranges, JsonField<std::vector<float>>(choice, "int8_ranges", "plan"));
  return Status::OK();
}

int ChooseBatchSize(int image_width, int image_height) {
  constexpr int kUsualSide = 224;
  constexpr std::int64_t kPixelsABatch = 200'000;
  const std::int64_t width = image_width > 0 ? image_width : kUsualSide;
  const std::int64_t height = image_height > 0 ? image_height : kUsualSide;
  return static_cast<int>(std::clamp<std::int64_t>(kPixelsABatch / (width * height), 4, 8));
}

Json MakePlan(const PlanInput& input) {
  const FeatureExtractor& extractor = *input.extractor->extractor;
  Json plan = {{"format_version", kOutputFormatVersion},
               {"images", input.images},
               {"manifest_sha256", input.manifest_sha256},
               {"block_rows", kBlockRows},
               {"shard_rows", input.options->shard_size},
               {"features", extractor.dim()},
               {"image_width", extractor.image_width()},
               {"image_height", extractor.image_height()},
               {"batch_size", extractor.batch_size()},
               {"engine", extractor.engine()},
               {"precision", PrecisionName(input.precision)},
               {"precision_choice", input.precision_choice},
               {"weights_sha256", extractor.weights_sha256()},
               {"extractor", input.extractor->description},
               {"recipe", FeatureOptions(*input.options, extractor, input.precision)},
               {"component_rule", ComponentRule(*input.options)},
               {"instruction_set", StrongestInstructionSet()},
               {"versions", LibraryVersions()}};
  return plan;
}

Status CheckPlan(const Json& stored, const Json& now, std::string_view output) {
  // What the first process measured or was asked to keep is obeyed, not made again.
  Json planned = stored;
  Json here = now;
  for (const char* name : {"images", "manifest_sha256", "precision_choice", "component_rule"}) {
    planned.erase(name);
    here.erase(name);
  }
  // Weights are what their hash says, wherever they were read from, and whether that proved their licence or not.
  // So is the engine, whyever it was chosen.
  for (Json* plan : {&planned, &here}) {
    if (!plan->contains("extractor")) continue;
    (*plan)["extractor"].erase("source");
    (*plan)["extractor"].erase("licence");
    (*plan)["extractor"].erase("engine_reason");
  }
  std::string differences;
  CollectDifferences(planned, here, "", &differences);
  if (differences.empty()) return Status::OK();
  std::string message =
      std::string(output) + " was begun under another plan, and the result would not be the same:" + differences;
  const std::string wanted = stored.value("instruction_set", std::string());
  const std::vector<std::string> sets = InstructionSets();
  if (!wanted.empty() && wanted != "baseline" && std::find(sets.begin(), sets.end(), wanted) == sets.end()) {
    message += ". This processor (" + ProcessorName() + ") has no " + wanted;
  }
  return Status::Invalid(message,
                         ". Go on where the run was begun, or start anew with another --output or --overwrite.");
}

}  // namespace pomona
