#include "pomona/pipeline/pack.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pomona/base/failure.h"
#include "pomona/base/hash.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/commit.h"
#include "pomona/pipeline/extraction.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/job.h"
#include "pomona/pipeline/manifest_images.h"
#include "pomona/pipeline/option_table.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/pipeline/plan.h"
#include "pomona/pipeline/quarantine.h"
#include "pomona/pipeline/versions.h"
#include "pomona/storage/public_query.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

/// A shard with so many failures ends, full or not: its record is held in memory.
constexpr std::int64_t kMostFailures = 4096;

/// Passes bytes on and hashes them.
class HashedOutput : public arrow::io::OutputStream {
 public:
  explicit HashedOutput(std::shared_ptr<arrow::io::OutputStream> target)
      : target_(std::move(target)), hasher_(HashKind::kSha256) {}
  using arrow::io::OutputStream::Write;
  Status Write(const void* data, std::int64_t size) override {
    hasher_.Update(std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size)));
    size_ += size;
    return target_->Write(data, size);
  }
  Status Flush() override { return target_->Flush(); }
  Result<std::int64_t> Tell() const override { return size_; }
  bool closed() const override { return target_->closed(); }
  Status Abort() override { return target_->Abort(); }
  Status Close() override { return target_->Close(); }

  /// What was written, once.
  PartFile Finish() { return {size_, hasher_.Finish()}; }

 private:
  std::shared_ptr<arrow::io::OutputStream> target_;
  Hasher hasher_;
  std::int64_t size_ = 0;
};

/// Writes shards one after the other and commits each.
class ShardPacker {
 public:
  /// \param[in] committed shards of earlier calls; gets those of this one
  ShardPacker(const PackOptions& options, OutputFolder& output, const ShardStore& store,
              std::vector<CommittedShard>* committed)
      : options_(options), output_(output), store_(store), committed_(*committed) {
    for (const CommittedShard& shard : committed_) {
      images_ += shard.ok;
      if (!shard.part.empty()) ++files_;
    }
    BeginRecord();
  }

  /// Manifest row behind the last image that was added.
  std::int64_t end() const { return record_.end; }

  Status Add(const ManifestRow& row, std::string_view bytes) {
    if (shard_ == nullptr) ARROW_RETURN_NOT_OK(BeginShard());
    ARROW_RETURN_NOT_OK(shard_->Add(images_ + record_.ok, row, bytes));
    ++record_.ok;
    ++record_.end;
    return Status::OK();
  }

  void AddFailure(QuarantineRow failure) {
    record_.failures.push_back(std::move(failure));
    ++record_.end;
  }

  /// Whether the shard ends here: a question of the images so far alone, so that all calls make the same shards.
  bool full() const {
    return (shard_ != nullptr && shard_->size() >= options_.shard_bytes) || record_.quarantined() >= kMostFailures;
  }

  /// Ends the shard and commits it; images that all failed make a record without a file.
  Status Commit() {
    if (record_.end == record_.first) return Status::OK();
    if (shard_ != nullptr) ARROW_RETURN_NOT_OK(FinishShard());
    ARROW_RETURN_NOT_OK(output_.CheckClaim());
    ARROW_ASSIGN_OR_RAISE(const CommitRecord counts, store_.Commit(record_));
    if (counts.end != record_.end || counts.file.sha256 != record_.file.sha256) {
      return Status::IOError(output_.display(), ": another process has packed shard ", record_.shard,
                             " meanwhile; give this command again when it has ended");
    }
    committed_.push_back({record_.ok, record_.quarantined(), {}, record_.part, record_.file.size, record_.end});
    images_ += record_.ok;
    if (!record_.part.empty()) ++files_;
    BeginRecord();
    return Status::OK();
  }

 private:
  void BeginRecord() {
    record_ = CommitRecord();
    record_.shard = static_cast<std::int64_t>(committed_.size());
    record_.first = record_.end = committed_.empty() ? 0 : committed_.back().end;
  }

  Status BeginShard() {
    record_.part = PackShardName(files_, options_.format);
    ARROW_RETURN_NOT_OK(output_.NameFile(record_.part));
    ARROW_ASSIGN_OR_RAISE(auto target, OpenAtomicOutput(store_.PartPlace(record_.part)));
    stream_ = std::make_shared<HashedOutput>(std::move(target));
    return MakePackShard(options_.format, stream_).Value(&shard_);
  }

  Status FinishShard() {
    ARROW_RETURN_NOT_OK(output_.CheckClaim());  // from here on the shard has its name
    ARROW_RETURN_NOT_OK(shard_->Close());
    shard_ = nullptr;
    record_.file = stream_->Finish();
    const Location place = store_.PartPlace(record_.part);
    ARROW_ASSIGN_OR_RAISE(record_.version, store_.VersionOf(record_.part));
    ARROW_ASSIGN_OR_RAISE(const std::string there, FileSha256(place));
    if (there == record_.file.sha256) return Status::OK();
    return Status::IOError(place.display, ": reads back as something else than was written; give the command again");
  }

  const PackOptions& options_;
  OutputFolder& output_;
  const ShardStore& store_;
  std::vector<CommittedShard>& committed_;
  std::int64_t images_ = 0;  ///< in the shards that are committed
  std::int64_t files_ = 0;   ///< of those shards
  CommitRecord record_;      ///< of the shard that is being written
  std::shared_ptr<HashedOutput> stream_;
  std::unique_ptr<PackShard> shard_;  ///< null until it has an image
};

/// The steps of packing, in order; each reads what the one before left in the output.
class Packing {
 public:
  Packing(const PackOptions& options, const Location& input, Job& job)
      : options_(options),
        input_(input),
        job_(job),
        output_(job.output()),
        store_(output_.Place(output_names::kShards), output_.root()) {}

  Result<Extraction> Run() {
    ARROW_ASSIGN_OR_RAISE(const Json plan, output_.ReadJson(output_names::kPlan));
    if (plan.is_null()) ARROW_RETURN_NOT_OK(List());
    ARROW_ASSIGN_OR_RAISE(manifest_, Manifest::Open(output_.Place(output_names::kManifest)));
    result_.images = manifest_->size();
    result_.skipped = manifest_->skipped();
    result_.failures_allowed = FailuresAllowed(options_.images.max_failures, result_.images);
    ARROW_RETURN_NOT_OK(MakeOrCheckPlan(plan));
    ARROW_ASSIGN_OR_RAISE(shards_, store_.RecoverInOrder(job_.threads(), job_.cancellation()));
    ARROW_RETURN_NOT_OK(RemoveUncounted());
    ARROW_RETURN_NOT_OK(PackMissing());
    ARROW_RETURN_NOT_OK(Account());
    return std::move(result_);
  }

  /// What run.json says of the shards, once `Run` is done.
  Json Shards() const {
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    for (const CommittedShard& shard : shards_) {
      if (!shard.part.empty()) ++files;
      bytes += shard.bytes;
    }
    return {{"format", PackFormatName(options_.format)}, {"shards", files}, {"bytes", bytes}};
  }

 private:
  Status List() {
    const Stage stage(job_.log(), "list", 0);
    ARROW_ASSIGN_OR_RAISE(InputImages images, ListInput(options_.images, input_, job_.cancellation()));
    for (std::string& message : images.messages) job_.log().Message(std::move(message));
    ARROW_ASSIGN_OR_RAISE(manifest_sha256_, WriteManifest(images.rows, output_.Place(output_names::kManifest)));
    job_.log().Advance(images.rows.size());
    return Status::OK();
  }

  /// The plan names what decides the bytes of shards besides images and options.
  Status MakeOrCheckPlan(const Json& stored) {
    const bool parquet = options_.format == PackFormat::kParquet;
    Json versions = {{"pomona", PomonaVersion()}};
    if (parquet) versions["arrow"] = LibraryVersions()["arrow"];
    result_.plan = {{"format_version", kOutputFormatVersion}, {"images", result_.images},
                    {"manifest_sha256", manifest_sha256_},    {"format", PackFormatName(options_.format)},
                    {"shard_bytes", options_.shard_bytes},    {"versions", std::move(versions)}};
    if (stored.is_null()) return output_.WriteJson(output_names::kPlan, result_.plan);
    ARROW_RETURN_NOT_OK(CheckPlan(stored, result_.plan, output_.display()));
    result_.plan = stored;
    return Status::OK();
  }

  /// A shard whose record was never written, or counts no more, would be read beside those that are.
  Status RemoveUncounted() {
    std::set<std::string> counted;
    for (const CommittedShard& shard : shards_) counted.insert(shard.part);
    std::vector<std::string> others;
    for (const std::string& name : output_.files()) {
      if (IsPackShardName(name) && !counted.contains(name)) others.push_back(name);
    }
    if (others.empty()) return Status::OK();
    ARROW_RETURN_NOT_OK(output_.RemoveFiles(others));
    return output_.ForgetFiles(others);
  }

  Status PackMissing() {
    ShardPacker packer(options_, output_, store_, &shards_);
    std::int64_t failed = 0;
    for (const CommittedShard& shard : shards_) failed += shard.quarantined;
    const auto bearable = [&] { return FailuresBearable(failed, packer.end(), result_.failures_allowed); };
    const std::int64_t first = packer.end();
    if (first == result_.images || !bearable()) return Status::OK();
    if (first > 0) {
      job_.log().Message("resuming: " + HumanCount(first) + " of " + HumanCount(result_.images) +
                         " images are done already");
    }
    ARROW_RETURN_NOT_OK(MakeFolders(output_.Place(output_names::kShards)));
    const Stage stage(job_.log(), "pack", result_.images, first, failed);
    const ImagePlaces places(input_, options_.images);
    ManifestImages images(*manifest_, places, {CurrentStoreOptions().read_ahead, CurrentStoreOptions().connections},
                          first);
    ManifestImages::Image image{};
    while (bearable()) {  // changes where a shard ends only: its images are committed first
      while (!packer.full()) {
        if (job_.cancellation() != nullptr) ARROW_RETURN_NOT_OK(job_.cancellation()->Check());
        ARROW_ASSIGN_OR_RAISE(const bool more, images.Next(&image, job_.cancellation()));
        if (!more) return packer.Commit();
        ARROW_ASSIGN_OR_RAISE(const bool added, AddImage(image, &packer));
        if (!added) ++failed;
        ++result_.extracted;
        job_.log().Advance(1, added ? 0 : 1);
      }
      ARROW_RETURN_NOT_OK(packer.Commit());
    }
    return Status::OK();
  }

  /// \return false where the image could not be read
  static Result<bool> AddImage(const ManifestImages::Image& image, ShardPacker* packer) {
    const ManifestRow& row = image.row;
    const Status& read = *image.read;
    if (read.ok()) {
      ARROW_RETURN_NOT_OK(packer->Add(row, image.bytes->text()));
      return true;
    }
    if (IsStoreDown(read) || read.IsCancelled() || read.IsOutOfMemory()) return read;
    packer->AddFailure({packer->end(), std::string(row.path), std::string(row.label), row.size, "read",
                        FailureCodeOf(read).value_or(FailureCode::kUnreadable), read.message()});
    return false;
  }

  /// Adds up the commit records, writes quarantine.parquet and judges the failures.
  Status Account() {
    for (const CommittedShard& shard : shards_) {
      result_.ok += shard.ok;
      result_.quarantined += shard.quarantined;
    }
    const auto failures = [&](std::int64_t shard) -> Result<std::vector<QuarantineRow>> {
      if (shards_[static_cast<std::size_t>(shard)].quarantined == 0) return std::vector<QuarantineRow>();
      ARROW_ASSIGN_OR_RAISE(CommitRecord record, store_.Read(shard));
      for (const QuarantineRow& row : record.failures) NoteFailure(row, &result_);
      return std::move(record.failures);
    };
    ARROW_RETURN_NOT_OK(output_.NameFile(std::string(output_names::kQuarantine)));
    ARROW_RETURN_NOT_OK(
        WriteQuarantine(output_.Place(output_names::kQuarantine), static_cast<std::int64_t>(shards_.size()), failures));
    result_.too_many_failures = result_.quarantined > result_.failures_allowed;
    if (result_.too_many_failures || result_.ok + result_.quarantined == result_.images) return Status::OK();
    return Status::Invalid("the accounts of ", output_.display(), " do not add up: ", result_.images, " listed, ",
                           result_.ok, " packed and ", result_.quarantined,
                           " quarantined; start from scratch with --overwrite");
  }

  const PackOptions& options_;
  const Location& input_;
  Job& job_;
  OutputFolder& output_;
  const ShardStore store_;

  std::string manifest_sha256_;
  std::unique_ptr<Manifest> manifest_;
  std::vector<CommittedShard> shards_;
  Extraction result_;
};

/// Options of one kind that packing looks at, by their names.
Json TakenOptions(const RunOptions& options, OptionKind kind) {
  Json taken = Json::object();
  for (const OptionEntry& entry : OptionTable()) {
    if (entry.kind == kind && TakenByPack(entry.name)) taken[std::string(entry.name)] = entry.get(options);
  }
  return taken;
}

}  // namespace

bool TakenByPack(std::string_view option) {
  constexpr std::array<std::string_view, 14> kTaken = {
      "input",  "label-from",      "bytes-column", "path-column", "label-column", "include",      "exclude",
      "sample", "include-skipped", "limit",        "output",      "overwrite",    "max-failures", "allow-hosts"};
  return std::find(kTaken.begin(), kTaken.end(), option) != kTaken.end();
}

Result<RunSummary> Pack(const PackOptions& options, ProgressListener* progress, const Cancellation* cancellation) {
  ARROW_RETURN_NOT_OK(ValidateOptions(options.images));
  if (options.shard_bytes <= 0) return UsageError("--shard-bytes: a size above 0 is wanted, such as 256MB");
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.images.input));
  ARROW_ASSIGN_OR_RAISE(OutputFolder folder, OutputFolder::Open(options.images.output, options.images.overwrite));
  ARROW_RETURN_NOT_OK(folder.CheckApartFrom(input, "INPUT"));
  Job job(JobKind::kPack, std::move(folder), progress, cancellation, options.images.threads);
  job.input_uri = input.display + PublicQuery(options.images.input);
  if (options.images.overwrite) ARROW_RETURN_NOT_OK(job.Clear());

  Json result_options = TakenOptions(options.images, OptionKind::kResult);
  result_options["input"] = input.display;
  result_options["format"] = PackFormatName(options.format);
  result_options["shard-bytes"] = options.shard_bytes;
  ARROW_ASSIGN_OR_RAISE(std::optional<RunSummary> done, job.Start(result_options));
  if (done) return std::move(*done);

  Packing packing(options, input, job);
  const Result<Extraction> packed = packing.Run();
  if (!packed.ok()) {
    if (Job::MendedByOtherOptions(packed.status())) job.Undo();
    return packed.status();
  }
  job.SetExtraction(*packed);
  job.extra()["pack"] = packing.Shards();
  if (packed->too_many_failures) job.message = TooManyFailuresMessage(*packed);
  Json all_options = std::move(result_options);
  all_options.update(TakenOptions(options.images, OptionKind::kRun));
  return job.Finish(all_options, packed->too_many_failures ? RunOutcome::kTooManyFailures : RunOutcome::kDone);
}

}  // namespace pomona
