#include "pomona/pipeline/batch_worker.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include "pomona/image/thumbnail.h"
#include "pomona/pipeline/part_file.h"
#include "pomona/storage/retry.h"

namespace pomona {
namespace {

/// Adds the time since the last call to a step.
class Stopwatch {
 public:
  void AddTo(double* seconds) {
    const auto now = std::chrono::steady_clock::now();
    *seconds += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

QuarantineRow Failure(const ManifestBlock& block, std::int64_t row, std::string stage, FailureCode code,
                      const Status& status) {
  const ManifestRow image = block.row(row);
  return {block.first() + row, std::string(image.path), std::string(image.label), image.size, std::move(stage), code,
          status.message()};
}

/// A product with zero is zero for a finite value and NaN for any other, and so is the sum of all products.
bool AllFinite(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * 0.0;
  return sum == 0.0;
}

/// Whether memory was missing because of the image, and not because nothing is left at all.
bool IsOfLargeImage(const Status& status, const Image& image) {
  constexpr std::size_t kMany = 16'000'000;
  return status.IsOutOfMemory() && image.pixels.size() > kMany;
}

}  // namespace

BatchWorker::BatchWorker(const ExtractionRecipe& recipe, const ImagePlaces& places)
    : recipe_(recipe),
      places_(&places),
      resizer_(recipe.extractor->image_width(), recipe.extractor->image_height(), recipe.resample) {}

Result<std::unique_ptr<BatchWorker>> BatchWorker::Make(const ExtractionRecipe& recipe, const ImagePlaces& places) {
  std::unique_ptr<BatchWorker> worker(new BatchWorker(recipe, places));
  ARROW_ASSIGN_OR_RAISE(worker->session_, recipe.extractor->NewSession());
  return worker;
}

Result<BatchResult> BatchWorker::Process(const ManifestBlock& block, std::int64_t first, std::int64_t count,
                                         std::span<const PreviousRow> previous, const Cancellation* cancellation,
                                         const BatchReads& reads) {
  BatchResult result;
  good_.clear();
  kept_.clear();
  kept_blocks_.clear();
  for (std::int64_t row = first; row < first + count; ++row) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    const PreviousRow known = previous.empty() ? PreviousRow() : previous[static_cast<std::size_t>(row - first)];
    if (known.kind == PreviousRow::Kind::kWanted) {
      ++result.images_read;
      ARROW_RETURN_NOT_OK(Prepare(block, row, row - first, reads, &result, cancellation));
    } else {
      ARROW_RETURN_NOT_OK(Keep(block, row, known, &result));
    }
  }
  const std::int64_t dim = recipe_.extractor->dim();
  const auto prepared = static_cast<std::int64_t>(good_.size());
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> features,
                        arrow::AllocateResizableBuffer(prepared * dim * static_cast<std::int64_t>(sizeof(float))));
  auto* values = reinterpret_cast<float*>(features->mutable_data());
  if (prepared > 0) {
    Stopwatch watch;
    ARROW_RETURN_NOT_OK(session_->Run(static_cast<int>(prepared), {values, prepared, dim}));
    DropNonFinite(block, values, &result);
    watch.AddTo(&result.seconds.extract);
  }
  const auto kept = static_cast<std::int64_t>(good_.size());
  if (kept < prepared) {
    ARROW_RETURN_NOT_OK(features->Resize(kept * dim * static_cast<std::int64_t>(sizeof(float)), false));
  }
  std::shared_ptr<arrow::Buffer> buffer = std::move(features);
  if (!kept_.empty()) {
    ARROW_ASSIGN_OR_RAISE(buffer, MergeKept(values));
  }
  ARROW_ASSIGN_OR_RAISE(result.rows, BuildRows(block, buffer));
  return result;
}

Status BatchWorker::Keep(const ManifestBlock& block, std::int64_t row, const PreviousRow& previous,
                         BatchResult* result) {
  const ManifestRow image = block.row(row);
  const std::int64_t index = block.first() + row;
  if (previous.kind == PreviousRow::Kind::kFailure) {
    QuarantineRow failure = *previous.failure;
    failure.index = index;
    failure.label = image.label;
    result->failures.push_back(std::move(failure));
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(auto known, recipe_.previous->BlockOf(previous.index));
  const PreviousBlock::Row features = known->row(previous.index);
  const bool pictured = std::binary_search(recipe_.thumbnails.begin(), recipe_.thumbnails.end(), index);
  kept_.push_back({row, features.width, features.height,
                   pictured ? recipe_.previous->Thumbnail(image.path) : std::string(), features.features});
  if (kept_blocks_.empty() || kept_blocks_.back() != known) kept_blocks_.push_back(std::move(known));
  return Status::OK();
}

Result<std::shared_ptr<arrow::Buffer>> BatchWorker::MergeKept(const float* features) {
  const auto dim = static_cast<std::size_t>(recipe_.extractor->dim());
  for (std::size_t i = 0; i < good_.size(); ++i) good_[i].known = features + i * dim;
  std::vector<Good> all;
  all.reserve(good_.size() + kept_.size());
  std::merge(std::make_move_iterator(good_.begin()), std::make_move_iterator(good_.end()),
             std::make_move_iterator(kept_.begin()), std::make_move_iterator(kept_.end()), std::back_inserter(all),
             [](const Good& a, const Good& b) { return a.row < b.row; });
  good_ = std::move(all);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> merged,
                        arrow::AllocateBuffer(static_cast<std::int64_t>(good_.size() * dim * sizeof(float))));
  auto* next = reinterpret_cast<float*>(merged->mutable_data());
  for (const Good& good : good_) next = std::copy(good.known, good.known + dim, next);
  return merged;
}

Status BatchWorker::Prepare(const ManifestBlock& block, std::int64_t row, std::int64_t place_in_batch,
                            const BatchReads& reads, BatchResult* result, const Cancellation* cancellation) {
  Stopwatch watch;
  Status read;
  if (reads.ahead != nullptr) {
    read = reads.ahead->Take(*reads.batch, place_in_batch, &bytes_);
  } else {
    read = ReadImage(*places_, block.row(row), &bytes_, cancellation);
  }
  watch.AddTo(&result->seconds.read);
  if (!read.ok()) {
    if (IsStoreDown(read) || read.IsCancelled() || read.IsOutOfMemory()) return read;
    result->failures.push_back(
        Failure(block, row, "read", FailureCodeOf(read).value_or(FailureCode::kUnreadable), read));
    return Status::OK();
  }
  Status decoded = DecodeImage(bytes_.bytes(), recipe_.decode, &image_);
  watch.AddTo(&result->seconds.decode);
  if (!decoded.ok()) {
    if (decoded.IsOutOfMemory()) return decoded;
    QuarantineRow failure =
        Failure(block, row, "decode", FailureCodeOf(decoded).value_or(FailureCode::kCorrupt), decoded);
    failure.size_bytes = static_cast<std::int64_t>(bytes_.size());
    result->failures.push_back(std::move(failure));
    return Status::OK();
  }
  const int input = static_cast<int>(good_.size());
  const Status resized = resizer_.Resize(image_.view(), session_->input(input));
  if (IsOfLargeImage(resized, image_)) {
    result->failures.push_back(Failure(block, row, "decode", FailureCode::kTooLarge, resized));
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(resized);
  ARROW_ASSIGN_OR_RAISE(std::string thumbnail, MakeThumbnail(block.first() + row));
  watch.AddTo(&result->seconds.resize);
  good_.push_back({row, image_.width, image_.height, std::move(thumbnail), nullptr});
  return Status::OK();
}

Result<std::string> BatchWorker::MakeThumbnail(std::int64_t index) const {
  if (!std::binary_search(recipe_.thumbnails.begin(), recipe_.thumbnails.end(), index)) return std::string();
  return EncodeThumbnail(image_.view(), kThumbnailSize);
}

void BatchWorker::DropNonFinite(const ManifestBlock& block, float* features, BatchResult* result) {
  const auto dim = static_cast<std::size_t>(recipe_.extractor->dim());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < good_.size(); ++i) {
    float* row = features + i * dim;
    if (!AllFinite({row, dim})) {
      const auto bad = std::find_if(row, row + dim, [](float value) { return !std::isfinite(value); });
      result->failures.push_back(Failure(
          block, good_[i].row, "extract", FailureCode::kNonFinite,
          Status::Invalid("feature ", bad - row, " is not a finite number; the network or its precision is at fault")));
      continue;
    }
    if (kept != i) {
      std::copy(row, row + dim, features + kept * dim);
      good_[kept] = std::move(good_[i]);
    }
    ++kept;
  }
  good_.resize(kept);
  std::stable_sort(result->failures.begin(), result->failures.end(),
                   [](const QuarantineRow& a, const QuarantineRow& b) { return a.index < b.index; });
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchWorker::BuildRows(
    const ManifestBlock& block, const std::shared_ptr<arrow::Buffer>& features) const {
  arrow::Int64Builder index;
  arrow::StringBuilder path;
  arrow::StringBuilder label;
  arrow::Int32Builder width;
  arrow::Int32Builder height;
  arrow::BinaryBuilder thumbnail;
  for (const Good& good : good_) {
    const ManifestRow row = block.row(good.row);
    ARROW_RETURN_NOT_OK(index.Append(block.first() + good.row));
    ARROW_RETURN_NOT_OK(path.Append(row.path));
    ARROW_RETURN_NOT_OK(label.Append(row.label));
    ARROW_RETURN_NOT_OK(width.Append(good.width));
    ARROW_RETURN_NOT_OK(height.Append(good.height));
    ARROW_RETURN_NOT_OK(good.thumbnail.empty() ? thumbnail.AppendNull() : thumbnail.Append(good.thumbnail));
  }
  const auto count = static_cast<std::int64_t>(good_.size());
  const std::int64_t dim = recipe_.extractor->dim();
  const auto values = std::make_shared<arrow::FloatArray>(count * dim, features);
  std::vector<std::shared_ptr<arrow::Array>> columns(7);
  ARROW_RETURN_NOT_OK(index.Finish(&columns[0]));
  ARROW_RETURN_NOT_OK(path.Finish(&columns[1]));
  ARROW_RETURN_NOT_OK(label.Finish(&columns[2]));
  ARROW_RETURN_NOT_OK(width.Finish(&columns[3]));
  ARROW_RETURN_NOT_OK(height.Finish(&columns[4]));
  columns[5] = std::make_shared<arrow::FixedSizeListArray>(VectorType(arrow::float32(), dim), count, values);
  ARROW_RETURN_NOT_OK(thumbnail.Finish(&columns[6]));
  return arrow::RecordBatch::Make(PartSchema(dim), count, std::move(columns));
}

}  // namespace pomona
