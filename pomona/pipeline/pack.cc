#include "pomona/pipeline/pack.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pomona/base/failure.h"
#include "pomona/base/hash.h"
#include "pomona/base/parallel.h"
#include "pomona/base/usage_error.h"
#include "pomona/pipeline/input_images.h"
#include "pomona/pipeline/pack_shard.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/storage/listing.h"
#include "pomona/storage/store_options.h"

namespace pomona {
namespace {

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
  std::string Sha256() { return hasher_.Finish(); }

 private:
  std::shared_ptr<arrow::io::OutputStream> target_;
  Hasher hasher_;
  std::int64_t size_ = 0;
};

std::string ShardName(std::int64_t number, PackFormat format) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "pack-%05lld%s", static_cast<long long>(number),
                format == PackFormat::kTar ? ".tar" : ".parquet");
  return text.data();
}

/// Writes shards one after the other.
class Packer {
 public:
  Packer(Location output, PackFormat format, std::int64_t shard_bytes)
      : output_(std::move(output)), format_(format), shard_bytes_(shard_bytes) {}

  Status Add(const ManifestRow& row, std::string_view bytes) {
    if (shard_ == nullptr) ARROW_RETURN_NOT_OK(BeginShard());
    ARROW_RETURN_NOT_OK(shard_->Add(summary_.images, row, bytes));
    ++summary_.images;
    return shard_->size() >= shard_bytes_ ? FinishShard() : Status::OK();
  }

  Status FinishShard() {
    if (shard_ == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(shard_->Close());
    ARROW_ASSIGN_OR_RAISE(const std::string there, FileSha256(place_));
    if (there != stream_->Sha256()) {
      return Status::IOError(place_.display, ": reads back as something else than was written; pack again");
    }
    ++summary_.shards;
    summary_.bytes += shard_->size();
    shard_ = nullptr;
    return Status::OK();
  }

  PackSummary& summary() { return summary_; }

 private:
  Status BeginShard() {
    place_ = output_.Child(ShardName(summary_.shards, format_));
    ARROW_ASSIGN_OR_RAISE(auto target, OpenAtomicOutput(place_));
    stream_ = std::make_shared<HashedOutput>(std::move(target));
    if (format_ == PackFormat::kParquet) return MakeParquetShard(stream_).Value(&shard_);
    shard_ = MakeTarShard(stream_);
    return Status::OK();
  }

  Location output_;
  PackFormat format_;
  std::int64_t shard_bytes_;
  Location place_;
  std::shared_ptr<HashedOutput> stream_;
  std::unique_ptr<PackShard> shard_;
  PackSummary summary_;
};

Status CheckEmpty(const Location& output) {
  ListingOptions any;
  any.include_skipped = true;
  any.max_files = 1;
  ARROW_ASSIGN_OR_RAISE(const PlaceKind kind, KindOfPlace(output));
  if (kind == PlaceKind::kMissing) return Status::OK();
  if (kind == PlaceKind::kFile) return UsageError("--output: " + output.display + " is a file");
  ARROW_ASSIGN_OR_RAISE(const Listing there, ListFiles(output, any));
  if (there.files.empty()) return Status::OK();
  return UsageError("--output: " + output.display + " holds something already; name a place that does not");
}

}  // namespace

Result<PackSummary> Pack(const RunOptions& options, PackFormat format, std::int64_t shard_bytes,
                         ProgressListener* progress, const Cancellation* cancellation) {
  if (options.input.empty() || options.output.empty()) return UsageError("pack wants INPUT and --output");
  ARROW_ASSIGN_OR_RAISE(const Location input, Location::Parse(options.input));
  ARROW_ASSIGN_OR_RAISE(const Location output, Location::Parse(options.output));
  if (Contains(input, output) || Contains(output, input)) {
    return UsageError("--output: " + output.display + " and INPUT lie inside each other; name another place");
  }
  ARROW_RETURN_NOT_OK(CheckEmpty(output));
  ARROW_ASSIGN_OR_RAISE(const InputImages images, ListInput(options, input, cancellation));
  for (const std::string& message : images.messages) {
    if (progress != nullptr) progress->Message(message);
  }
  const ImagePlaces places(input, options.columns);
  Packer packer(output, format, shard_bytes);
  packer.summary().skipped = images.rows.skipped().value_or(SkippedFiles());
  const std::int64_t count = images.rows.size();
  const int readers = CurrentStoreOptions().connections;
  constexpr std::int64_t kTogether = 256;
  std::vector<ByteBuffer> bytes(kTogether);
  std::vector<Status> read(kTogether);
  if (progress != nullptr) progress->StageStarted("pack", count, 0);
  for (std::int64_t first = 0; first < count; first += kTogether) {
    const std::int64_t together = std::min(kTogether, count - first);
    ARROW_RETURN_NOT_OK(ParallelFor(
        together, readers,
        [&](std::int64_t i) {
          const auto at = static_cast<std::size_t>(i);
          read[at] = ReadImage(places, images.rows.row(first + i), &bytes[at]);
          return FailureCodeOf(read[at]) ? Status::OK() : read[at];
        },
        cancellation));
    for (std::int64_t i = 0; i < together; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const ManifestRow row = images.rows.row(first + i);
      if (read[at].ok()) {
        ARROW_RETURN_NOT_OK(packer.Add(row, bytes[at].text()));
      } else {
        ++packer.summary().unreadable;
        if (progress != nullptr) progress->Message("left out: " + std::string(row.path) + ": " + read[at].message());
      }
    }
    if (progress != nullptr) progress->StageAdvanced(first + together, packer.summary().unreadable);
  }
  ARROW_RETURN_NOT_OK(packer.FinishShard());
  if (progress != nullptr) progress->StageFinished(0);
  return packer.summary();
}

}  // namespace pomona
