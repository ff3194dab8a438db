#include "pomona/pipeline/shard_worker.h"

#include <array>
#include <utility>

#include "pomona/pipeline/plan.h"
#include "pomona/pipeline/shard.h"
#include "pomona/pipeline/shard_setup.h"
#include "pomona/storage/file_io.h"

namespace pomona {
namespace {

/// Opens the extractor as the plan says, and makes sure that it is the planned one.
Result<OpenedExtractor> OpenPlanned(const ShardWorker::Options& options, const Json& plan, std::string_view output) {
  ExtractorRequest request = RequestExtractor(options.run, ThreadsOf(options.run));
  if (!options.model_file.empty()) request.extractor = options.model_file;
  ARROW_RETURN_NOT_OK(FollowPlan(plan, &request.network, nullptr));
  ARROW_ASSIGN_OR_RAISE(OpenedExtractor opened, OpenExtractor(request));
  PlanInput input;
  input.extractor = &opened;
  input.options = &options.run;
  input.precision = request.network.precision;
  ARROW_RETURN_NOT_OK(CheckPlan(plan, MakePlan(input), output));
  return opened;
}

}  // namespace

ShardWorker::ShardWorker(Options options, OutputFolder output, const Location& input)
    : options_(std::move(options)),
      output_(std::move(output)),
      places_(input, options_.run),
      store_(output_.Place(output_names::kShards)) {
  options_.run.threads = ThreadsOf(options_.run);
}

Result<std::unique_ptr<ShardWorker>> ShardWorker::Open(Options options) {
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.run.input));
  ARROW_ASSIGN_OR_RAISE(OutputFolder output, OutputFolder::Open(options.run.output));
  ARROW_RETURN_NOT_OK(output.CheckTicket(options.ticket));
  std::unique_ptr<ShardWorker> worker(new ShardWorker(std::move(options), std::move(output), input));
  ARROW_ASSIGN_OR_RAISE(const Json plan, worker->output_.ReadJson(output_names::kPlan));
  if (plan.is_null()) {
    return Status::Invalid(worker->output_.display(), " has no plan: shards are run for a process that has made one");
  }
  ARROW_ASSIGN_OR_RAISE(worker->manifest_, Manifest::Open(worker->output_.Place(output_names::kManifest)));
  ARROW_ASSIGN_OR_RAISE(worker->opened_, OpenPlanned(worker->options_, plan, worker->output_.display()));
  const Generation& generation = worker->output_.generation();
  if (generation.changing()) {
    ARROW_ASSIGN_OR_RAISE(worker->previous_, PreviousRows::Open(worker->output_.root(), generation.current,
                                                                PreviousRows::Retry::kReading));
  }
  const RunOptions& run = worker->options_.run;
  worker->batches_ahead_ = BoundMemory(run, *worker->opened_.extractor, run.threads).batches_ahead;
  return worker;
}

Result<ShardOutcome> ShardWorker::Committed(std::int64_t shard) const {
  ARROW_ASSIGN_OR_RAISE(const CommitRecord record, store_.Read(shard));
  return ShardOutcome{record.ok + record.quarantined(), record.quarantined(), 0, record.seconds};
}

Result<ShardOutcome> ShardWorker::Run(const ShardTask& task, const Cancellation* cancellation) const {
  ARROW_ASSIGN_OR_RAISE(const PlaceKind record, KindOfPlace(store_.RecordPlace(task.shard)));
  if (record == PlaceKind::kFile) {
    ARROW_ASSIGN_OR_RAISE(ShardOutcome outcome, Committed(task.shard));
    if (previous_ == nullptr) outcome.read = outcome.images;
    return outcome;
  }
  ARROW_RETURN_NOT_OK(output_.CheckTicket(options_.ticket));
  const ShardPlaces places = {manifest_.get(), &places_, &store_, previous_.get()};
  ShardJob job =
      MakeShardJob(options_.run, *opened_.extractor, places, task.thumbnails, options_.run.threads, batches_ahead_);
  std::int64_t images_read = 0;
  job.may_commit = [&] { return output_.CheckTicket(options_.ticket); };
  job.advanced = [&](std::int64_t, std::int64_t, std::int64_t read) {
    images_read += read;
    return true;
  };
  ARROW_RETURN_NOT_OK(MakeFolders(output_.Place(output_names::kShards)));
  const std::array<std::int64_t, 1> shards = {task.shard};
  ARROW_RETURN_NOT_OK(RunShards(job, shards, cancellation));
  ARROW_ASSIGN_OR_RAISE(ShardOutcome committed, Committed(task.shard));
  committed.read = images_read;
  return committed;
}

}  // namespace pomona
