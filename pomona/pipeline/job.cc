#include "pomona/pipeline/job.h"

#include <algorithm>
#include <utility>

#include "pomona/base/resources.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/open_extractor.h"
#include "pomona/pipeline/generation_change.h"
#include "pomona/pipeline/memory_plan.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/projection.h"
#include "pomona/pipeline/thumbnails.h"
#include "pomona/pipeline/versions.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// Options that only the fit looks at: an output with features alone takes any.
constexpr std::array<std::string_view, 2> kFitOptions = {"components", "variance"};

Json WithoutFitOptions(Json options) {
  for (const std::string_view name : kFitOptions) options.erase(std::string(name));
  return options;
}

}  // namespace

/// What most outputs hold; named in one go, because each change of the list is a file written and synchronised.
std::vector<std::string> Job::UsualFiles() const {
  if (kind_ == JobKind::kPack) {
    return {std::string(output_names::kQuarantine), std::string(output_names::kRun),
            std::string(output_names::kSuccess)};
  }
  std::vector<std::string> names = {PartName(output_names::kFeatures, 0), PartName(output_names::kProjection, 0)};
  for (const std::string_view name :
       {output_names::kProjectionCsv, output_names::kExplainedVariance, output_names::kQuarantine,
        output_names::kReport, output_names::kRun, output_names::kSuccess}) {
    names.emplace_back(name);
  }
  for (const std::string_view name : {kPipelineJson, kArraysFile}) {
    names.push_back(std::string(output_names::kModel) + "/" + std::string(name));
  }
  return names;
}

std::string_view JobKindName(JobKind kind) {
  switch (kind) {
    case JobKind::kFeatures:
      return "features";
    case JobKind::kFit:
      return "fit";
    case JobKind::kApply:
      return "apply";
    case JobKind::kPack:
      return "pack";
    default:
      return "run";
  }
}

Job::Job(JobKind kind, OutputFolder output, ProgressListener* progress, const Cancellation* cancellation, int threads)
    : kind_(kind),
      output_(std::move(output)),
      log_(progress),
      cancellation_(cancellation),
      threads_(threads > 0 ? threads : UsableThreads()) {}

int Job::ThreadsForBlocks(std::int64_t dim) {
  if (!block_threads_) {
    BlockPlan plan = PlanBlocks(MemoryAllowed(memory), ResidentBytes(), threads_, dim);
    if (!plan.message.empty()) log_.Message(std::move(plan.message));
    block_threads_ = plan.threads;
  }
  return *block_threads_;
}

Status Job::CheckNoOtherChange(std::string_view command) const {
  const Generation& generation = output_.generation();
  if (!generation.changing() || generation.command == command) return Status::OK();
  return UsageError("--output: " + output_.display() + " is being changed by `pomona " + generation.command +
                    "`, which was interrupted: give that command again, and it goes on; or start anew with "
                    "`pomona run` and --overwrite");
}

Result<std::optional<RunSummary>> Job::CheckStored(const Json& options) {
  if (output_.state() == OutputFolder::State::kNew) return std::nullopt;
  ARROW_RETURN_NOT_OK(CheckNoOtherChange(""));
  ARROW_ASSIGN_OR_RAISE(const Json stored, output_.ReadJson(output_names::kOptions));
  if (stored.is_null()) return std::nullopt;  // interrupted before anything was made
  ARROW_ASSIGN_OR_RAISE(const auto command, JsonField<std::string>(stored, "command", output_names::kOptions));
  ARROW_ASSIGN_OR_RAISE(const Json stored_options, JsonField<Json>(stored, "options", output_names::kOptions));
  const std::string wanted(JobKindName(kind_));
  const bool features_then_more = command == "features" && kind_ == JobKind::kRun;
  const bool more_then_features = command == "run" && kind_ == JobKind::kFeatures;
  if (command != wanted && !features_then_more && !more_then_features) {
    return UsageError("--output: " + output_.display() + " was made by `pomona " + command + "`, not by `pomona " +
                      wanted + "`; name another place, or give --overwrite to start anew");
  }
  const bool with_fit = command != "features" && kind_ != JobKind::kFeatures;
  ARROW_RETURN_NOT_OK(
      CompareWithStored(stored_options, with_fit ? options : WithoutFitOptions(options), output_.display()));
  if (output_.state() != OutputFolder::State::kFinished || features_then_more) return std::nullopt;
  output_.RemoveDeadLocks();
  RunSummary summary;
  summary.outcome = RunOutcome::kAlreadyDone;
  ARROW_ASSIGN_OR_RAISE(summary.run, output_.ReadJson(output_names::kRun));
  if (kind_ != JobKind::kPack) summary.report = output_.DisplayOf(output_names::kReport);
  summary.message = output_.display() + " is finished already; nothing was done";
  return summary;
}

Status Job::CheckOptions(const Json& options) const {
  ARROW_ASSIGN_OR_RAISE(const Json stored, output_.ReadJson(output_names::kOptions));
  if (stored.is_null()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto command, JsonField<std::string>(stored, "command", output_names::kOptions));
  ARROW_ASSIGN_OR_RAISE(const Json stored_options, JsonField<Json>(stored, "options", output_names::kOptions));
  const std::string wanted(JobKindName(kind_));
  if (command != wanted) {
    return UsageError("--update: " + output_.display() + " was made by `pomona " + command + "`; give that command");
  }
  const bool with_fit = kind_ != JobKind::kFeatures;
  return CompareWithStored(with_fit ? stored_options : WithoutFitOptions(stored_options),
                           with_fit ? options : WithoutFitOptions(options), output_.display());
}

Status Job::Begin(const Json& options) {
  ARROW_RETURN_NOT_OK(output_.Claim(cancellation_));
  ARROW_RETURN_NOT_OK(output_.BeginChange());
  ARROW_RETURN_NOT_OK(output_.NameFiles(UsualFiles()));
  Json stored = {{"format_version", 1}, {"command", JobKindName(kind_)}, {"options", options}};
  if (!input_uri.empty()) stored["input_uri"] = input_uri;
  return output_.WriteJson(output_names::kOptions, stored);
}

Result<std::optional<RunSummary>> Job::Start(const Json& options) {
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, CheckStored(options));
  if (done) return done;
  const OutputFolder::State before = output_.state();
  ARROW_RETURN_NOT_OK(output_.Claim(cancellation_));
  if (before != OutputFolder::State::kNew && output_.state() != before) {
    ARROW_ASSIGN_OR_RAISE(done, CheckStored(options));
    if (done) return done;
  }
  ARROW_RETURN_NOT_OK(Begin(options));
  return done;
}

bool Job::MendedByOtherOptions(const Status& status) {
  return IsUsageError(status) || MissingModelOf(status).has_value();
}

Status Job::RemoveReductionFiles() {
  std::vector<std::string> old;
  for (const std::string& name : output_.files()) {
    if (IsPartName(name) && GenerationOfPart(name) != output_.generation().target) continue;
    const bool projection = name.starts_with("projection/") || IsProjectionCsv(name);
    if (projection || name.starts_with("model/") || name == output_names::kExplainedVariance) old.push_back(name);
  }
  return output_.RemoveFiles(old);
}

Status Job::CountLabels(const FeatureRows& rows) {
  ARROW_ASSIGN_OR_RAISE(const ReportSample sample, SampleForReport(rows, cancellation_));
  label_counts_ = sample.LabelCounts();
  return Status::OK();
}

Status Job::Project(const FeatureRows& rows, const Reduction& reduction, const Location& thumbnails) {
  const Stage stage(log_, "project", rows.row_count());
  ARROW_ASSIGN_OR_RAISE(const ReportSample sample, SampleForReport(rows, cancellation_));
  label_counts_ = sample.LabelCounts();
  std::vector<std::string> names = ProjectionFileNames(rows.row_count(), reduction.kept(), csv_rows);
  names.emplace_back(output_names::kExplainedVariance);
  ARROW_RETURN_NOT_OK(output_.NameFiles(names));
  ProjectionJob job;
  job.rows = &rows;
  job.reduction = &reduction;
  job.output = output_.root();
  job.name_of = [&](std::string_view name) { return output_.NameOf(name); };
  job.report_rows = sample.Choose();
  job.threads = ThreadsForBlocks(rows.dim());
  job.csv_rows = csv_rows;
  job.csv_text = csv_text;
  job.advanced = [&](std::int64_t count) { log_.Advance(count); };
  ARROW_ASSIGN_OR_RAISE(report_.points, WriteProjection(job, cancellation_));
  report_.rows_projected = rows.row_count();
  report_.components = ReportComponents(reduction);
  ARROW_RETURN_NOT_OK(WriteExplainedVariance(reduction, output_.Place(output_names::kExplainedVariance)));
  ARROW_ASSIGN_OR_RAISE(auto pictures, ReadThumbnails(thumbnails));
  for (ReportPoint& point : report_.points) {
    if (const auto found = pictures.find(point.path); found != pictures.end()) {
      point.thumbnail = std::move(found->second);
    }
  }
  return Status::OK();
}

void Job::SetExtraction(const Extraction& extraction) { extraction_ = extraction; }

Json Job::RunRecord(const Json& all_options, RunOutcome outcome) const {
  Json run = {{"format_version", kOutputFormatVersion},
              {"command", JobKindName(kind_)},
              {"generation", output_.generation().target},
              {"outcome", outcome == RunOutcome::kTooManyFailures ? "too-many-failures" : "done"}};
  const bool packs = kind_ == JobKind::kPack;
  if (extraction_) {
    run["images_listed"] = extraction_->images;
    run["images_ok"] = extraction_->ok;
    run["images_quarantined"] = extraction_->quarantined;
    if (extraction_->skipped) run["files_skipped"] = extraction_->skipped->ToJson();
    run[packs ? "images_read" : "images_extracted"] = extraction_->extracted;
    const double seconds = log_.StageSeconds(packs ? "pack" : "extract");
    run["images_per_second"] = seconds > 0 ? Json(static_cast<double>(extraction_->extracted) / seconds) : Json();
    run["failures_by_code"] = extraction_->failures_by_code;
    if (!packs) run["thread_seconds"] = extraction_->seconds.ToJson();
  }
  run["seconds"] = log_.Seconds();
  if (!packs) run["threads"] = threads_;
  run["peak_rss_bytes"] = PeakResidentBytes();
  run["processor"] = ProcessorName();
  run.update(extra_);
  run["options"] = all_options;
  run["plan"] = extraction_ ? extraction_->plan : Json();
  run["versions"] = LibraryVersions();
  if (extraction_ && extraction_->plan.contains("weights_sha256")) {
    run["weights_sha256"] = extraction_->plan["weights_sha256"];
  }
  run["messages"] = log_.messages();
  return run;
}

Result<Json> Job::FilesWritten(RunOutcome outcome) const {
  Json files = Json::array();
  for (const std::string& name : output_.files()) {
    const bool soon = name == output_names::kRun || name == output_names::kSuccess;
    if (name == output_names::kSuccess && outcome == RunOutcome::kTooManyFailures) continue;
    if (IsPartName(name) && GenerationOfPart(name) != output_.generation().target) continue;
    if (!soon) {
      const Location place = IsPartName(name) ? output_.root().Child(name) : output_.Place(name);
      ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(place));
      if (kind != PlaceKind::kFile) continue;
    }
    files.push_back(name);
  }
  return files;
}

Status Job::WriteReport(const Json& all_options, RunOutcome outcome) {
  const Stage stage(log_, "report", 0);
  if (extraction_) {
    for (const auto& [label, count] : extraction_->failures_by_label) label_counts_.try_emplace(label, 0);
  }
  for (const auto& [label, count] : label_counts_) report_.labels.push_back({label, count, 0});
  if (extraction_) {
    for (ReportLabel& label : report_.labels) {
      const auto failed = extraction_->failures_by_label.find(label.label);
      if (failed != extraction_->failures_by_label.end()) label.quarantined = failed->second;
    }
    for (const auto& [code, count] : extraction_->failures_by_code) report_.failures_by_code.emplace_back(code, count);
    report_.failures = extraction_->first_failures;
  }
  report_.messages = log_.messages();
  report_.run = RunRecord(all_options, outcome);
  return WriteAtomically(output_.Place(output_names::kReport), RenderReport(report_));
}

Result<RunSummary> Job::Finish(const Json& all_options, RunOutcome outcome) {
  const bool reports = kind_ != JobKind::kPack;
  ARROW_RETURN_NOT_OK(output_.NameFiles(UsualFiles()));
  if (reports) ARROW_RETURN_NOT_OK(WriteReport(all_options, outcome));
  RunSummary summary;
  summary.outcome = outcome;
  summary.run = RunRecord(all_options, outcome);
  ARROW_ASSIGN_OR_RAISE(summary.run["files"], FilesWritten(outcome));
  if (reports) summary.report = output_.DisplayOf(output_names::kReport);
  summary.message = message;
  const bool enough = outcome != RunOutcome::kTooManyFailures;
  if (output_.generation().changing() && enough) {
    ARROW_RETURN_NOT_OK(CommitGeneration(&output_, summary.run));
    return summary;
  }
  if (reports) summary.report = output_.DisplayOf(output_.NameOf(output_names::kReport));
  ARROW_RETURN_NOT_OK(output_.WriteJson(output_names::kRun, summary.run));
  if (enough) ARROW_RETURN_NOT_OK(output_.Finish());
  return summary;
}

}  // namespace pomona
