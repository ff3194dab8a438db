#include "pomona/pipeline/extraction.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "pomona/base/resources.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/join.h"
#include "pomona/pipeline/manifest.h"
#include "pomona/pipeline/number_text.h"
#include "pomona/pipeline/plan.h"
#include "pomona/pipeline/precision_choice.h"
#include "pomona/pipeline/report_sample.h"
#include "pomona/pipeline/shard.h"
#include "pomona/pipeline/shard_setup.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

std::string ComponentsError(std::int64_t asked, std::int64_t rank, const std::string& because) {
  const std::string wrong = "--components: " + std::to_string(asked) + " asked for, but " + because;
  if (rank < 1) {
    return wrong + ", and a fit needs two at least; leave --components out: the features are then written, and the " +
           "fit is skipped";
  }
  return wrong + ", so the rank is at most " + std::to_string(rank) + "; take " + std::to_string(rank) + " or fewer";
}

/// The file that has to be copied to `model/`: the user's own model, or registry weights that are to be embedded.
Result<std::string> FileForModel(const RunOptions& options, const OpenedExtractor& opened) {
  if (!opened.model_file.empty() || !options.self_contained) return opened.model_file.string();
  if (!options.extractor.weights.empty()) {
    ARROW_ASSIGN_OR_RAISE(const Location weights, options.extractor.weights_source.Locate(options.extractor.weights));
    if (weights.is_local()) return weights.path;
    return UsageError("--self-contained: " + weights.display + " is not a local file; copy it here first");
  }
  const RegistryModel* model = ModelRegistry::BuiltIn().Find(options.extractor.extractor);
  if (model == nullptr || model->format != RegistryModel::Format::kVggWeights) return std::string();
  ARROW_ASSIGN_OR_RAISE(const std::optional<CachedModel> cached,
                        ModelCache(options.extractor.model_cache).Find(*model));
  return cached ? cached->file.string() : std::string();
}

/// The steps of an extraction, in order; each reads what the one before left in the output.
class Extractor {
 public:
  Extractor(const RunOptions& options, OutputFolder& output, JobLog& log, const Cancellation* cancellation,
            const ExtractionSetting& setting)
      : options_(options),
        model_plan_(setting.base != nullptr ? setting.base->previous->plan() : setting.model_plan),
        base_(setting.base),
        distributor_(setting.distributor),
        output_(output),
        log_(log),
        cancellation_(cancellation),
        store_(output.Place(output_names::kShards)),
        threads_(ThreadsOf(options)) {}

  Result<Extraction> Run() {
    ARROW_ASSIGN_OR_RAISE(input_, Location::Parse(options_.input));
    ARROW_ASSIGN_OR_RAISE(const Json stored_plan, output_.ReadJson(output_names::kPlan));
    if (stored_plan.is_null()) ARROW_RETURN_NOT_OK(List());
    ARROW_ASSIGN_OR_RAISE(manifest_, Manifest::Open(output_.Place(output_names::kManifest)));
    result_.images = manifest_->size();
    result_.skipped = manifest_->skipped();
    ARROW_RETURN_NOT_OK(OpenModel(stored_plan));
    ARROW_RETURN_NOT_OK(MakeOrCheckPlan(stored_plan));
    ARROW_ASSIGN_OR_RAISE(const Json join, output_.ReadJson(output_names::kJoin));
    FitIntoMemory();
    ARROW_ASSIGN_OR_RAISE(shards_, store_.Recover(ShardCount(), join.is_null(), threads_, cancellation_));
    ARROW_RETURN_NOT_OK(ExtractMissing());
    ARROW_RETURN_NOT_OK(Account());
    if (!result_.too_many_failures && join.is_null()) ARROW_RETURN_NOT_OK(Join());
    return std::move(result_);
  }

 private:
  std::int64_t ShardCount() const { return (result_.images + options_.shard_size - 1) / options_.shard_size; }

  Status List() {
    const Stage stage(log_, "list", 0);
    InputImages images;
    if (base_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(images.rows, base_->list());
    } else {
      ARROW_ASSIGN_OR_RAISE(images, ListInput(options_, input_, cancellation_));
    }
    for (std::string& message : images.messages) log_.Message(std::move(message));
    const std::int64_t rank = std::max<std::int64_t>(images.rows.size() - 1, 0);
    if (options_.components && *options_.components > rank) {
      return UsageError(ComponentsError(
          *options_.components, rank,
          "the input has " + HumanCount(images.rows.size()) + (images.rows.size() == 1 ? " image" : " images")));
    }
    ARROW_ASSIGN_OR_RAISE(manifest_sha256_, WriteManifest(images.rows, output_.Place(output_names::kManifest)));
    log_.Advance(images.rows.size());
    return Status::OK();
  }

  Status OpenModel(const Json& stored_plan) {
    const Stage stage(log_, "model", 0);
    request_ = RequestExtractor(options_, threads_);
    ARROW_RETURN_NOT_OK(FollowPlan(model_plan_, &request_.network, &precision_choice_));
    request_.network.native.instruction_set.clear();  // a model is applied on any processor
    ARROW_RETURN_NOT_OK(FollowPlan(stored_plan, &request_.network, &precision_choice_));
    const bool int8 = request_.network.precision == Precision::kInt8;
    if (!model_plan_.is_object() && !stored_plan.is_object() && (options_.auto_precision || int8)) {
      ARROW_RETURN_NOT_OK(DecidePrecision());
    }
    ARROW_ASSIGN_OR_RAISE(opened_, OpenExtractor(request_));
    NoteLittleMemory();
    const std::string weights = opened_.extractor->weights_sha256();
    if (model_plan_.is_object() && model_plan_.value("weights_sha256", weights) != weights) {
      return Status::Invalid("the model was made with the weights ", model_plan_["weights_sha256"].dump(), ", ",
                             request_.extractor, " has ", weights, " here; name the right ones with --weights");
    }
    const std::int64_t dim = opened_.extractor->dim();
    if (options_.components && *options_.components > dim) {
      return UsageError(
          ComponentsError(*options_.components, dim, "the extractor gives " + HumanCount(dim) + " features"));
    }
    ARROW_ASSIGN_OR_RAISE(result_.model_file, FileForModel(options_, opened_));
    return Status::OK();
  }

  void NoteLittleMemory() {
    const FeatureExtractor& extractor = *opened_.extractor;
    const int threads = ExtractingThreads(extractor, threads_);
    const std::int64_t bytes = extractor.bytes(threads);
    const double cost = opened_.description.value("/native/relative_cost"_json_pointer, Json(1.0)).get<double>();
    const std::int64_t allowed = request_.network.native.memory;
    if (cost <= 1.0 && threads == threads_ && bytes <= allowed) return;
    std::string message = "memory is limited: the network holds " + HumanBytes(static_cast<double>(bytes));
    if (cost > 1.0) message += ", with smaller tiles at about " + NumberText(cost) + " times the cost";
    if (threads < threads_) {
      message += ", on " + std::to_string(threads) + " of " + std::to_string(threads_) + " threads";
    }
    if (bytes > allowed) message += "; that is more than is left to it, so this run will hold more than is allowed";
    log_.Message(std::move(message));
  }

  /// Measures on a sample of this input what `--precision auto` and int8 need to know.
  Status DecidePrecision() {
    ExtractorRequest plain = request_;
    plain.network.precision = Precision::kFloat32;
    ARROW_ASSIGN_OR_RAISE(const OpenedExtractor opened, OpenExtractor(plain));
    const ImagePlaces places(input_, options_);
    ARROW_ASSIGN_OR_RAISE(const PixelSample sample, ReadPixelSample(*manifest_, places, options_.decode,
                                                                    options_.resample, opened.extractor->image_width(),
                                                                    opened.extractor->image_height(), cancellation_));
    ARROW_ASSIGN_OR_RAISE(PrecisionChoice choice, ChoosePrecision(request_, sample, options_.auto_precision,
                                                                  options_.min_similarity, cancellation_));
    request_.network = std::move(choice.network);
    precision_choice_ = std::move(choice.record);
    if (options_.auto_precision) {
      log_.Message("precision " + std::string(PrecisionName(request_.network.precision)) + ": mean cosine " +
                   NumberText(precision_choice_["mean_cosine"].get<double>()) + " with f32 on " +
                   std::to_string(sample.images) + " images of this input");
    }
    return Status::OK();
  }

  Status MakeOrCheckPlan(const Json& stored) {
    PlanInput input;
    input.extractor = &opened_;
    input.options = &options_;
    input.images = result_.images;
    input.manifest_sha256 = manifest_sha256_;
    input.precision = request_.network.precision;
    input.precision_choice = precision_choice_;
    result_.plan = MakePlan(input);
    if (stored.is_null()) {
      if (base_ != nullptr) ARROW_RETURN_NOT_OK(TakeOverPlan());
      return output_.WriteJson(output_names::kPlan, result_.plan);
    }
    ARROW_RETURN_NOT_OK(CheckPlan(stored, result_.plan, output_.display()));
    result_.plan = stored;
    return Status::OK();
  }

  /// The plan of the generation before, for the new manifest.
  Status TakeOverPlan() {
    Json plan = base_->previous->plan();
    ARROW_RETURN_NOT_OK(CheckPlan(plan, result_.plan, output_.display()));
    for (const char* name : {"images", "manifest_sha256"}) plan[name] = result_.plan[name];
    result_.plan = std::move(plan);
    return Status::OK();
  }

  void FitIntoMemory() {
    BatchPlan plan = BoundMemory(options_, *opened_.extractor, threads_);
    batches_ahead_ = plan.batches_ahead;
    if (!plan.message.empty()) log_.Message(std::move(plan.message));
  }

  /// Manifest indices whose thumbnails are kept: as the report will choose its points, if no image fails.
  Result<std::vector<std::int64_t>> ThumbnailRows() const {
    if (!options_.thumbnails) return std::vector<std::int64_t>();
    ReportSample sample;
    for (std::int64_t block = 0; block < BlockCount(manifest_->size()); ++block) {
      ARROW_ASSIGN_OR_RAISE(const auto rows, manifest_->ReadBlock(block));
      for (std::int64_t i = 0; i < rows->size(); ++i) sample.Add(rows->row(i).path, rows->row(i).label);
    }
    return sample.Choose();
  }

  Status ExtractMissing() {
    std::vector<std::int64_t> missing;
    std::int64_t done = 0;
    std::int64_t failed = 0;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const CommittedShard shard = shards_[i].value_or(CommittedShard());
      if (!shards_[i]) missing.push_back(static_cast<std::int64_t>(i));
      done += shard.ok + shard.quarantined;
      failed += shard.quarantined;
    }
    result_.failures_allowed = FailuresAllowed(options_.max_failures, result_.images);
    const auto bearable = [&] { return FailuresBearable(failed, done, result_.failures_allowed); };
    if (missing.empty() || !bearable()) return Status::OK();
    if (done > 0) {
      log_.Message("resuming: " + HumanCount(done) + " of " + HumanCount(result_.images) + " images are done already");
    }
    ARROW_ASSIGN_OR_RAISE(const std::vector<std::int64_t> thumbnails, ThumbnailRows());
    const auto advanced = [&](std::int64_t images, std::int64_t failures, std::int64_t read) {
      done += images;
      failed += failures;
      result_.extracted += read;
      log_.Advance(images, failures);
      return bearable();
    };
    ARROW_RETURN_NOT_OK(MakeFolders(output_.Place(output_names::kShards)));
    const Stage stage(log_, "extract", result_.images, done, failed);
    if (distributor_ != nullptr) return Distribute(missing, thumbnails, advanced);
    const ImagePlaces images(input_, options_);
    const ShardPlaces places = {manifest_.get(), &images, &store_, base_ != nullptr ? base_->previous : nullptr};
    ShardJob job = MakeShardJob(options_, *opened_.extractor, places, thumbnails, threads_, batches_ahead_);
    job.may_commit = [&] { return output_.CheckClaim(); };
    job.advanced = advanced;
    return RunShards(job, missing, cancellation_);
  }

  /// Has shards run by other processes, each with its own share of the thumbnails.
  Status Distribute(const std::vector<std::int64_t>& shards, const std::vector<std::int64_t>& thumbnails,
                    const std::function<bool(std::int64_t, std::int64_t, std::int64_t)>& advanced) {
    ShardsToRun work;
    work.ticket = output_.ticket();
    work.advanced = advanced;
    for (const std::int64_t shard : shards) {
      const std::int64_t first = shard * options_.shard_size;
      const std::int64_t end = std::min(first + options_.shard_size, result_.images);
      work.images += end - first;
      work.tasks.push_back({shard,
                            {std::lower_bound(thumbnails.begin(), thumbnails.end(), first),
                             std::lower_bound(thumbnails.begin(), thumbnails.end(), end)}});
    }
    ARROW_RETURN_NOT_OK(distributor_->Distribute(work, cancellation_));
    if (cancellation_ != nullptr) ARROW_RETURN_NOT_OK(cancellation_->Check());
    return output_.CheckClaim();
  }

  /// Adds up the commit records, writes quarantine.parquet and judges the failures.
  Status Account() {
    std::int64_t committed = 0;
    const auto read = [&](std::int64_t shard) -> Result<std::vector<QuarantineRow>> {
      const auto& known = shards_[static_cast<std::size_t>(shard)];
      if (known) {
        AddTotals(*known);
        ++committed;
        if (known->quarantined == 0) return std::vector<QuarantineRow>();
      } else {
        ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(store_.RecordPlace(shard)));
        if (kind != PlaceKind::kFile) return std::vector<QuarantineRow>();
      }
      ARROW_ASSIGN_OR_RAISE(CommitRecord record, store_.Read(shard));
      if (!known) {
        AddTotals({record.ok, record.quarantined(), record.seconds});
        ++committed;
      }
      for (const QuarantineRow& row : record.failures) NoteFailure(row, &result_);
      return std::move(record.failures);
    };
    ARROW_RETURN_NOT_OK(output_.NameFile(std::string(output_names::kQuarantine)));
    ARROW_RETURN_NOT_OK(WriteQuarantine(output_.Place(output_names::kQuarantine), ShardCount(), read));
    const bool all = committed == ShardCount();
    if (all && result_.ok + result_.quarantined != result_.images) {
      return Status::Invalid("the accounts of ", output_.display(), " do not add up: ", result_.images, " listed, ",
                             result_.ok, " good and ", result_.quarantined,
                             " quarantined; start anew with --overwrite");
    }
    result_.too_many_failures = result_.quarantined > result_.failures_allowed;
    if (!all && !result_.too_many_failures) {
      return Status::Invalid(output_.display(), ": ", ShardCount() - committed, " shards are missing; run it again");
    }
    return Status::OK();
  }

  void AddTotals(const CommittedShard& shard) {
    result_.ok += shard.ok;
    result_.quarantined += shard.quarantined;
    result_.seconds += shard.seconds;
  }

  Status Join() {
    const Stage stage(log_, "join", result_.images);
    JoinJob job;
    job.store = &store_;
    job.output = output_.root();
    job.name_of = [&](std::string_view name) { return output_.NameOf(name); };
    job.images = result_.images;
    job.shard_size = options_.shard_size;
    job.dim = opened_.extractor->dim();
    job.info.extractor = options_.extractor.extractor;
    job.info.weights_sha256 = opened_.extractor->weights_sha256();
    job.info.precision = PrecisionName(request_.network.precision);
    job.info.plan = result_.plan.dump(-1, ' ', false, Json::error_handler_t::replace);
    job.threads = threads_;
    job.advanced = [&](std::int64_t images) { log_.Advance(images); };
    ARROW_RETURN_NOT_OK(output_.NameFiles(JoinedPartNames(job.images, job.dim)));
    ARROW_ASSIGN_OR_RAISE(const std::vector<JoinedPart> parts, JoinShards(job, cancellation_));
    Json list = Json::array();
    std::int64_t rows = 0;
    for (const JoinedPart& part : parts) {
      list.push_back({{"name", part.name}, {"rows", part.rows}, {"bytes", part.bytes}});
      rows += part.rows;
    }
    if (rows != result_.ok) {
      return Status::Invalid(output_.display(), ": ", rows, " rows were joined, ", result_.ok, " were committed");
    }
    ARROW_RETURN_NOT_OK(output_.WriteJson(output_names::kJoin, {{"rows", rows}, {"parts", std::move(list)}}));
    return store_.RemoveParts();
  }

  const RunOptions& options_;
  const Json model_plan_;
  const ExtractionBase* const base_;
  ShardDistributor* const distributor_;
  OutputFolder& output_;
  JobLog& log_;
  const Cancellation* cancellation_;
  ShardStore store_;
  int threads_;
  std::int64_t batches_ahead_ = 8;

  Location input_;
  std::string manifest_sha256_;
  std::unique_ptr<Manifest> manifest_;
  ExtractorRequest request_;
  Json precision_choice_;
  OpenedExtractor opened_;
  std::vector<std::optional<CommittedShard>> shards_;
  Extraction result_;
};

}  // namespace

std::int64_t FailuresAllowed(const FailureLimit& limit, std::int64_t images) {
  constexpr std::int64_t kAlwaysAllowed = 10;
  if (limit.images) return *limit.images;
  return std::max(kAlwaysAllowed, static_cast<std::int64_t>(limit.share * static_cast<double>(images)));
}

bool FailuresBearable(std::int64_t failed, std::int64_t done, std::int64_t allowed) {
  constexpr std::int64_t kJudgedFrom = 1000;
  return done < kJudgedFrom || failed <= allowed;
}

void NoteFailure(const QuarantineRow& row, Extraction* extraction) {
  constexpr std::size_t kShown = 500;
  const std::string code(FailureCodeName(row.code));
  ++extraction->failures_by_code[code];
  ++extraction->failures_by_label[row.label];
  if (extraction->first_failures.size() < kShown) {
    extraction->first_failures.push_back({row.path, row.label, code, row.message});
  }
}

std::string TooManyFailuresMessage(const Extraction& extraction) {
  return HumanCount(extraction.quarantined) + " images are in quarantine, --max-failures allows " +
         HumanCount(extraction.failures_allowed) +
         "; fix the images, or give the same command with a higher --max-failures to go on without reading them all "
         "again";
}

Result<Extraction> ExtractFeatures(const RunOptions& options, OutputFolder& output, JobLog& log,
                                   const Cancellation* cancellation, const ExtractionSetting& setting) {
  return Extractor(options, output, log, cancellation, setting).Run();
}

Result<Extraction> DescribeExtraction(const Location& output, const Json& plan, std::int64_t rows) {
  Extraction extraction;
  extraction.plan = plan;
  extraction.ok = rows;
  const Location quarantine = output.Child(output_names::kQuarantine);
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(quarantine));
  if (kind == PlaceKind::kFile) {
    ARROW_RETURN_NOT_OK(ReadQuarantine(quarantine, [&](const QuarantineRow& row) {
      NoteFailure(row, &extraction);
      ++extraction.quarantined;
    }));
  }
  extraction.images = extraction.ok + extraction.quarantined;
  return extraction;
}

}  // namespace pomona
