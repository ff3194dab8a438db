#include "cli/doctor_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string_view>

#include <sched.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/doctor_libraries.h"
#include "cli/doctor_store.h"
#include "cli/models_command.h"
#include "pomona/base/resources.h"
#include "pomona/base/text.h"
#include "pomona/base/visible_text.h"
#include "pomona/features/engine_choice.h"
#include "pomona/features/openvino_runtime.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/pipeline/versions.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POMONA_SANITIZED true
#else
#define POMONA_SANITIZED false
#endif

#if defined(NDEBUG) && defined(__OPTIMIZE__)
#define POMONA_OPTIMISED true
#else
#define POMONA_OPTIMISED false
#endif

namespace pomona::cli {
namespace {

/// What a vgg16 run holds, with room for a few decoded photographs a thread.
constexpr std::int64_t kComfortableMemory = 1'000'000'000;

/// What the readers of a store, the libraries and the output have open at once, with room to spare.
constexpr std::int64_t kComfortableFiles = 256;

/// A figure of /proc/meminfo in bytes, or 0.
std::int64_t MemInfo(std::string_view name) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {  // "MemAvailable:   123456 kB"
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
      return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
    }
  }
  return 0;
}

bool Has(const MachineFacts& facts, std::string_view set) {
  return std::find(facts.instruction_sets.begin(), facts.instruction_sets.end(), set) != facts.instruction_sets.end();
}

std::string Fixed(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

void FindProgram(const MachineFacts& facts, std::vector<std::string>* findings) {
  for (const LinkedLibrary& library : facts.libraries) {
    if (library.matches()) continue;
    findings->push_back(library.name + " " + library.loaded + " is loaded, the program was built with " +
                        library.built + ": results are not reliable; install " + library.built + " or build anew");
  }
  if (!facts.openvino_error.empty()) {
    findings->push_back("OpenVINO does not start, so only --extractor pixels works: " + facts.openvino_error);
  }
  if (!facts.optimised) findings->push_back("This is a debug build: many times slower; use build/release/pomona");
  if (facts.sanitized) findings->push_back("This build has sanitizers: several times slower, and larger");
  if (!facts.vgg16_cached) {
    findings->push_back(
        "The VGG16 weights are not in the model cache: the first run fetches 59 MB; `pomona models fetch "
        "vgg16` does it now");
  }
}

void FindProcessor(const MachineFacts& facts, std::vector<std::string>* findings) {
  if (Has(facts, "sse4.2") && !Has(facts, "avx2")) {
    findings->push_back("The processor has no AVX2: networks run at a quarter of the usual speed or less");
  } else if (Has(facts, "avx2") && !Has(facts, "avx512")) {
    findings->push_back("The processor has no AVX-512: networks run at about half the speed of one that has");
  }
  if (facts.usable_threads == 1 && facts.online_processors > 1) {
    findings->push_back("Only 1 of " + std::to_string(facts.online_processors) +
                        " processors may be used; a wider affinity mask or CPU quota makes runs as many times faster");
  } else if (facts.usable_threads == 1) {
    findings->push_back("There is 1 processor: decoding and the network take turns");
  }
  if (facts.load > 1.5 * facts.affinity_processors) {
    findings->push_back("Others use this machine: " + Fixed(facts.load) + " processes want " +
                        std::to_string(facts.online_processors) + " processors; measured speeds will be too low");
  }
}

void FindMemory(const MachineFacts& facts, std::vector<std::string>* findings) {
  const std::int64_t available = std::min(facts.memory_limit, facts.memory_free);
  if (available < kComfortableMemory) {
    findings->push_back(
        "Only " + HumanBytes(static_cast<double>(available)) +
        " of memory can be had: a vgg16 run wants 800 MB; --threads 1 and a smaller --image-size take less");
  }
  if (facts.swap_used_bytes > facts.memory_bytes / 20) {
    findings->push_back(HumanBytes(static_cast<double>(facts.swap_used_bytes)) +
                        " are swapped out: what is read back from disk stalls a run");
  }
}

void FindLimits(const ResourceLimits& limits, std::vector<std::string>* findings) {
  if (limits.address_space) {
    findings->push_back("The address space may not grow beyond " +
                        HumanBytes(static_cast<double>(*limits.address_space)) +
                        " (RLIMIT_AS, `ulimit -v`): libraries reserve more of it than they use, and a run may end for "
                        "lack of memory; lift it, and limit memory by --memory or a cgroup");
  }
  if (limits.file_size) {
    findings->push_back("No file may grow beyond " + HumanBytes(static_cast<double>(*limits.file_size)) +
                        " (RLIMIT_FSIZE, `ulimit -f`): a run whose tables become larger stops with an error");
  }
  if (limits.open_files && *limits.open_files < kComfortableFiles) {
    findings->push_back("Only " + std::to_string(*limits.open_files) +
                        " files and connections may be open at once (RLIMIT_NOFILE, `ulimit -n`): reading from a store "
                        "wants up to " +
                        std::to_string(kComfortableFiles));
  }
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none that matter here" : text;
}

std::string MemoryText(const MachineFacts& facts) {
  std::string text = HumanBytes(static_cast<double>(facts.memory_limit));
  if (facts.memory_limit < facts.memory_bytes) {
    text += " of " + HumanBytes(static_cast<double>(facts.memory_bytes)) + ": the cgroup allows no more";
  }
  return text + ", " + HumanBytes(static_cast<double>(std::min(facts.memory_free, facts.memory_limit))) + " free";
}

void Print(std::string_view name, const std::string& value) {
  std::string label(name);
  label.resize(18, ' ');
  std::cout << label << VisibleText(value) << "\n";
}

Result<int> Doctor(const CommandContext& context) {
  MachineFacts facts = MachineFacts::Read();
  const ModelCache cache(context.environment.model_cache);
  const ModelRegistry& registry = ModelRegistry::BuiltIn();
  if (const auto cached = cache.Find(*registry.Find("vgg16")); cached.ok()) facts.vgg16_cached = cached->has_value();

  Print("pomona", PomonaVersion());
  for (const LinkedLibrary& library : facts.libraries) {
    Print(library.name, library.matches() ? library.loaded : library.loaded + ", built with " + library.built);
  }
  Print("processor", facts.processor);
  Print("instruction sets", Joined(facts.instruction_sets));
  Print("threads", ThreadsText(facts));
  Print("memory", MemoryText(facts));
  Print("engine for VGG", EngineText(facts));
  std::cout << "\n" << ModelList(registry, cache) << "\n";

  const std::vector<std::string> findings = Findings(facts);
  if (findings.empty()) std::cout << "Nothing here would make a run slow.\n";
  for (const std::string& finding : findings) std::cout << "! " << VisibleText(finding) << "\n";
  const bool sound =
      facts.openvino_error.empty() && std::all_of(facts.libraries.begin(), facts.libraries.end(),
                                                  [](const LinkedLibrary& library) { return library.matches(); });
  return sound ? kExitDone : kExitFailed;
}

}  // namespace

MachineFacts MachineFacts::Read() {
  MachineFacts facts;
  facts.processor = ProcessorName();
  facts.instruction_sets = InstructionSets();
  facts.online_processors = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  facts.affinity_processors = facts.online_processors;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) facts.affinity_processors = CPU_COUNT(&mask);
  facts.usable_threads = UsableThreads();
  if (getloadavg(&facts.load, 1) != 1) facts.load = 0;
  facts.memory_bytes = MemInfo("MemTotal");
  facts.memory_limit = MemoryLimit();
  facts.memory_free = MemInfo("MemAvailable");
  facts.swap_used_bytes = MemInfo("SwapTotal") - MemInfo("SwapFree");
  facts.limits = ResourceLimits::OfThisProcess();
  facts.optimised = POMONA_OPTIMISED;
  facts.sanitized = POMONA_SANITIZED;
  facts.libraries = LinkedLibraries();
  if (const auto core = OpenVinoCore(); !core.ok()) facts.openvino_error = core.status().message();
  return facts;
}

std::string ThreadsText(const MachineFacts& facts) {
  std::string text = std::to_string(facts.usable_threads);
  if (facts.usable_threads == facts.online_processors) return text + ": all processors";
  text += " of " + std::to_string(facts.online_processors) + ": ";
  return text + (facts.usable_threads < facts.affinity_processors ? "the cgroup's CPU quota allows no more"
                                                                  : "the affinity mask allows no more");
}

std::string EngineText(const MachineFacts& facts) {
  const Result<EngineDecision> decision = DecideEngine({});
  if (!decision.ok()) return decision.status().message();
  const std::string text = (decision->native ? "native: " : "openvino: ") + decision->reason;
  return Has(facts, "amx-bf16") ? text + "; --precision bf16 uses AMX, with OpenVINO, and may be faster" : text;
}

std::vector<std::string> Findings(const MachineFacts& facts) {
  std::vector<std::string> findings;
  FindProgram(facts, &findings);
  FindProcessor(facts, &findings);
  FindMemory(facts, &findings);
  FindLimits(facts.limits, &findings);
  return findings;
}

void AddDoctorCommand(CLI::App& program, CommandContext& context) {
  CLI::App* command =
      program.add_subcommand("doctor", "Tell what this machine gives, or, with a URI, what a store allows.");
  const auto uris = std::make_shared<std::vector<std::string>>();
  const auto policy = std::make_shared<bool>(false);
  const auto libraries = std::make_shared<bool>(false);
  const auto json = std::make_shared<bool>(false);
  command->add_option("URI", *uris,
                      "A place to try: list, read, write and delete with the credentials that are found.");
  command->add_flag("--policy", *policy,
                    "Print the least policy for these places (S3): the last is the output, the others are read.");
  CLI::Option* inventory = command->add_flag(
      "--libraries", *libraries, "Print name, version and SHA-256 of every library that the program holds or loads.");
  command->add_flag("--json", *json, "With --libraries: the inventory as CycloneDX.")->needs(inventory);
  AddConfigOption(*command);
  command->footer(
      "Examples:\n"
      "  pomona doctor\n"
      "  pomona doctor --libraries\n"
      "  pomona doctor s3://bucket/raw\n"
      "  pomona doctor s3://bucket/raw --config run.toml   (its table [storage])\n"
      "  pomona doctor --policy s3://bucket/raw s3://bucket/results\n"
      "\n"
      "Exit codes: 0 fit to run, 1 a library is not the one the program was built with or does not start, or the\n"
      "place is not there, cannot be listed or read, or takes files that cannot be deleted again.");
  command->callback([&context, uris, policy, libraries, json] {
    context.action = [&context, uris, policy, libraries, json]() -> Result<int> {
      if (*libraries) return DoctorOfLibraries(*json);
      if (*policy) return PrintPolicy(*uris);
      if (uris->empty()) return Doctor(context);
      int code = kExitDone;
      for (const std::string& uri : *uris) {
        ARROW_ASSIGN_OR_RAISE(const int one, DoctorOfStore(uri, context));
        code = std::max(code, one);
      }
      return code;
    };
  });
}

}  // namespace pomona::cli
