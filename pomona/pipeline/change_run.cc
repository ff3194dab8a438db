#include "pomona/pipeline/change_run.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/change.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/finish_run.h"
#include "pomona/pipeline/generation_change.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/list_file.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// What kind of change is made, and how its manifest comes about.
struct Change {
  std::string command;  ///< as the user gives it again to go on
  PreviousRows::Retry retry = PreviousRows::Retry::kReading;
  std::function<Result<ChangedInput>(const PreviousRows&)> look;
};

std::string Count(std::int64_t count, const char* what) { return HumanCount(count) + " " + what; }

std::string Describe(const ChangeCounts& counts) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + Count(count, what);
  };
  add(counts.added, "new");
  add(counts.changed, "changed");
  add(counts.relabelled, "with another label");
  add(counts.retried, "from quarantine");
  std::string message = (text.empty() ? std::string("none") : text) + " to be read; " +
                        Count(counts.reused(), "taken over without reading them again");
  if (counts.replaced > 0) message += "; " + Count(counts.replaced, "of those from quarantine are other files by now");
  if (counts.gone > 0)
    message += "; " + Count(counts.gone, counts.gone_are_kept ? "gone, and kept" : "gone, and dropped");
  return message;
}

RunSummary NothingToDo(const RunSummary& stored, const ChangeCounts& counts, const std::string& what) {
  RunSummary summary = stored;
  summary.outcome = RunOutcome::kAlreadyDone;
  summary.message = what + "; nothing was done";
  if (counts.gone > 0) {
    summary.message += " (" + Count(counts.gone, "images are gone and stay in the output; --update=mirror drops them)");
  }
  return summary;
}

/// Makes one generation after another.
class GenerationRun {
 public:
  GenerationRun(const RunOptions& options, RunStages stages, Change change, Job& job, ShardDistributor* distributor)
      : options_(options), stages_(stages), change_(std::move(change)), job_(job), distributor_(distributor) {}

  Result<RunSummary> Run() {
    OutputFolder& output = job_.output();
    ARROW_RETURN_NOT_OK(output.Claim(job_.cancellation()));
    ARROW_RETURN_NOT_OK(job_.CheckNoOtherChange(change_.command));
    const bool resumed = output.generation().changing();
    if (!resumed && output.state() != OutputFolder::State::kFinished) {
      return UsageError("--output: " + output.display() +
                        " is not finished. Give the command that makes it again, with a higher --max-failures where "
                        "too many images are in quarantine; then this one");
    }
    ARROW_ASSIGN_OR_RAISE(previous_, PreviousRows::Open(output.root(), output.generation().current, change_.retry));
    ARROW_ASSIGN_OR_RAISE(const std::optional<RunSummary> nothing, Begin(resumed));
    if (nothing) return *nothing;

    ExtractionBase base;
    base.previous = previous_.get();
    base.list = [&]() -> Result<ManifestRows> { return std::move(input_->rows); };
    const Result<Extraction> extraction =
        ExtractFeatures(options_, output, job_.log(), job_.cancellation(), {nullptr, &base, distributor_});
    if (!extraction.ok()) {
      // The error that led here is the one to report.
      if (!resumed && Job::MendedByOtherOptions(extraction.status())) static_cast<void>(AbandonGeneration(&output));
      return extraction.status();
    }
    job_.SetExtraction(*extraction);
    job_.extra()["change"] = counts_.ToJson();
    if (extraction->too_many_failures) {
      job_.message = TooManyFailuresMessage(*extraction) + ". Until then the output keeps what it had";
      return job_.Finish(AllOptions(options_), RunOutcome::kTooManyFailures);
    }
    return FinishRun(options_, stages_, *extraction, job_);
  }

 private:
  /// Lists what there is now and begins the generation, unless an interrupted call has done both.
  Result<std::optional<RunSummary>> Begin(bool resumed) {
    OutputFolder& output = job_.output();
    if (resumed) {
      ARROW_ASSIGN_OR_RAISE(const PlaceKind plan, KindOfPlace(output.Place(output_names::kPlan)));
      if (plan == PlaceKind::kFile) {
        ARROW_ASSIGN_OR_RAISE(const Json details, GenerationDetails(output));
        counts_ = ChangeCounts::FromJson(details);
        ARROW_RETURN_NOT_OK(StartGeneration(&output, change_.command, details));
        return std::nullopt;
      }
    }
    {
      const Stage stage(job_.log(), "compare", 0);
      ARROW_ASSIGN_OR_RAISE(input_, change_.look(*previous_));
      job_.log().Advance(input_->rows.size());
    }
    counts_ = input_->counts;
    if (counts_.nothing()) {
      ARROW_RETURN_NOT_OK(AbandonGeneration(&output));
      RunSummary stored;
      ARROW_ASSIGN_OR_RAISE(stored.run, output.ReadJson(output_names::kRun));
      stored.report = output.DisplayOf(output_names::kReport);
      const bool update = change_.retry == PreviousRows::Retry::kReading;
      return NothingToDo(stored, counts_,
                         output.display() + (update ? " holds all that is listed" : " has nothing in quarantine"));
    }
    ARROW_RETURN_NOT_OK(StartGeneration(&output, change_.command, counts_.ToJson()));
    job_.log().Message("generation " + std::to_string(output.generation().target) + ": " + Describe(counts_));
    return std::nullopt;
  }

  const RunOptions& options_;
  const RunStages stages_;
  const Change change_;
  Job& job_;
  ShardDistributor* const distributor_;
  std::unique_ptr<PreviousRows> previous_;
  std::optional<ChangedInput> input_;
  ChangeCounts counts_;
};

/// \param[in] source who names what is stored
/// \return the result options an output was made with, on top of the run options given
Result<RunOptions> StoredOptions(const Json& stored, const UriSource& source, const RunOptions& given) {
  ARROW_ASSIGN_OR_RAISE(const Json values, JsonField<Json>(stored, "options", output_names::kOptions));
  RunOptions options = given;
  options.extractor.extractor_source = source;
  if (given.extractor.weights.empty()) options.extractor.weights_source = source;
  for (const auto& [name, value] : values.items()) {
    const OptionEntry* entry = FindOption(name);
    if (entry != nullptr && entry->kind != OptionKind::kResult) {
      return Status::Invalid(output_names::kOptions, " sets \"", name,
                             "\", which no output keeps: do not trust this folder");
    }
    if (name == "weights" && !given.extractor.weights.empty()) continue;
    ARROW_RETURN_NOT_OK(SetOption(name, value, &options));
  }
  return options;
}

/// The input of an output, as it is stored there or as the user names it now.
Result<Location> LocateInput(const std::string& uri, const UriSource& source) {
  const Status allowed = source.Check(uri);
  if (!allowed.ok()) {
    return UsageError("INPUT: the output was made of " + allowed.message() +
                      "; or name the images' place with --input");
  }
  return source.Locate(uri);
}

}  // namespace

Result<RunSummary> UpdateOutput(const RunOptions& options, RunStages stages, OutputFolder folder,
                                ProgressListener* progress, const Cancellation* cancellation,
                                ShardDistributor* distributor) {
  const bool interrupted = folder.state() == OutputFolder::State::kUnfinished && !folder.generation().changing() &&
                           !folder.generation().committed;
  if (interrupted) {
    RunOptions first = options;
    first.update = UpdateKind::kNone;
    ARROW_ASSIGN_OR_RAISE(RunSummary summary, Run(first, stages, progress, cancellation, distributor));
    if (summary.outcome == RunOutcome::kTooManyFailures) return summary;
    ARROW_ASSIGN_OR_RAISE(folder, OutputFolder::Open(options.output));
  }
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  Job job(stages == RunStages::kAll ? JobKind::kRun : JobKind::kFeatures, std::move(folder), progress, cancellation,
          options.threads);
  job.memory = options.memory;
  Json wanted = OptionValues(options, OptionKind::kResult);
  wanted["input"] = input.display;
  ARROW_RETURN_NOT_OK(job.CheckOptions(wanted));
  Change change;
  const bool mirror = options.update == UpdateKind::kMirror;
  change.command = std::string(JobKindName(stages == RunStages::kAll ? JobKind::kRun : JobKind::kFeatures)) +
                   (mirror ? " --update=mirror" : " --update");
  change.look = [&](const PreviousRows& previous) -> Result<ChangedInput> {
    ARROW_ASSIGN_OR_RAISE(InputImages images, ListInput(options, input, cancellation));
    for (std::string& message : images.messages) job.log().Message(std::move(message));
    return MergeListing(std::move(images.rows), previous, mirror);
  };
  return GenerationRun(options, stages, std::move(change), job, distributor).Run();
}

Result<RunSummary> RetryFailed(const RunOptions& given, ProgressListener* progress, const Cancellation* cancellation) {
  if (given.output.empty())
    return UsageError("OUTPUT is missing: name the output of `pomona run` or `pomona features`");
  ARROW_ASSIGN_OR_RAISE(OutputFolder folder, OutputFolder::Open(given.output));
  ARROW_ASSIGN_OR_RAISE(const Json stored, folder.ReadJson(output_names::kOptions));
  if (stored.is_null()) return UsageError("OUTPUT: " + folder.display() + " holds nothing that Pomona has made");
  ARROW_ASSIGN_OR_RAISE(const auto command, JsonField<std::string>(stored, "command", output_names::kOptions));
  if (command != "run" && command != "features") {
    return UsageError("OUTPUT: " + folder.display() + " was made by `pomona " + command +
                      "`; retry-failed is for what `pomona run` and `pomona features` make. Give the `pomona " +
                      command + "` command again with --overwrite");
  }
  const UriSource source = UriSource::Data(given.allow_hosts).With(folder.root());
  ARROW_ASSIGN_OR_RAISE(RunOptions options, StoredOptions(stored, source, given));
  Location as_typed;  // never opened: it may have lain elsewhere
  as_typed.display = options.input;
  const std::string prefix = ManifestPrefix(options.input, as_typed);
  options.input = given.input.empty() ? stored.value("input_uri", options.input) : given.input;
  ARROW_ASSIGN_OR_RAISE(const Location input, LocateInput(options.input, given.input.empty() ? source : UriSource()));
  ARROW_ASSIGN_OR_RAISE(const PlaceKind there, KindOfPlace(input));
  if (there == PlaceKind::kMissing) {
    return UsageError("INPUT: there is no " + (input.display.empty() ? "." : input.display) +
                      " here; give this command where the output was made, or name the images' place with --input");
  }
  const RunStages stages = command == "run" ? RunStages::kAll : RunStages::kFeaturesOnly;
  Job job(command == "run" ? JobKind::kRun : JobKind::kFeatures, std::move(folder), progress, cancellation,
          options.threads);
  job.memory = options.memory;
  Change change;
  change.command = "retry-failed";
  change.retry = PreviousRows::Retry::kAll;
  change.look = [&](const PreviousRows& previous) -> Result<ChangedInput> {
    ARROW_ASSIGN_OR_RAISE(ChangedInput changed,
                          LookAtFailures(previous, prefix, input, options.allow_hosts, cancellation));
    return changed;
  };
  return GenerationRun(options, stages, std::move(change), job, nullptr).Run();
}

}  // namespace pomona
