#include "pomona/pipeline/image_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "pomona/base/parallel.h"
#include "pomona/base/resources.h"
#include "pomona/base/text.h"
#include "pomona/base/usage_error.h"
#include "pomona/image/decode.h"
#include "pomona/image/resize.h"
#include "pomona/pipeline/memory_plan.h"
#include "pomona/pipeline/plan.h"
#include "pomona/pipeline/shard_setup.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/retry.h"
#include "pomona/storage/uri.h"

namespace pomona {
namespace {

/// An image on its way: where it stands among all, and what became of it.
struct Problem {
  std::string stage;
  FailureCode code = FailureCode::kUnreadable;
  Status status;
};

QuarantineRow Failure(std::int64_t index, const ImageInput& image, Problem problem) {
  QuarantineRow row;
  row.index = index;
  if (const auto* place = std::get_if<std::string>(&image)) row.path = PublicUri(*place);
  if (const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&image)) {
    row.size_bytes = static_cast<std::int64_t>(bytes->size());
  }
  row.stage = std::move(problem.stage);
  row.code = problem.code;
  row.message = problem.status.message();
  return row;
}

/// Takes over what the plan decides, or refuses what only a run can decide.
Status Decide(const RunOptions& options, const Json& plan, NetworkOptions* network) {
  if (plan.is_object()) {
    ARROW_RETURN_NOT_OK(FollowPlan(plan, network, nullptr));
    network->native.instruction_set.clear();  // a model is applied on any processor
    return Status::OK();
  }
  if (!options.auto_precision && network->precision != Precision::kInt8) return Status::OK();
  return UsageError("--precision " + std::string(options.auto_precision ? "auto" : "int8") +
                    " is measured on the images of a run: make one with `pomona run` and load its model, or take f32 "
                    "or bf16");
}

}  // namespace

/// One thread's buffers and its session.
class ImageFeatures::Worker {
 public:
  static Result<std::unique_ptr<Worker>> Make(const ImageFeatures& owner) {
    std::unique_ptr<Worker> worker(new Worker(owner));
    ARROW_ASSIGN_OR_RAISE(worker->session_, owner.extractor().NewSession());
    return worker;
  }

  /// Extracts at most a batch; `first` is the place of images[0] among all.
  Status Process(std::span<const ImageInput> images, std::int64_t first, MatrixView<float> features,
                 std::vector<QuarantineRow>* failures, const Cancellation* cancellation) {
    good_.clear();
    const std::int64_t dim = features.cols;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      ARROW_ASSIGN_OR_RAISE(std::optional<Problem> problem, Prepare(images[i]));
      if (!problem) {
        good_.push_back(static_cast<std::int64_t>(i));
        continue;
      }
      failures->push_back(Failure(first + static_cast<std::int64_t>(i), images[i], *std::move(problem)));
    }
    const auto count = static_cast<std::int64_t>(good_.size());
    if (count > 0) {
      scratch_.resize(static_cast<std::size_t>(count * dim));
      ARROW_RETURN_NOT_OK(session_->Run(static_cast<int>(count), {scratch_.data(), count, dim}));
    }
    std::fill_n(features.data, features.rows * dim, std::numeric_limits<float>::quiet_NaN());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = good_[static_cast<std::size_t>(i)];
      const float* const values = scratch_.data() + i * dim;
      const auto* const bad = std::find_if(values, values + dim, [](float value) { return !std::isfinite(value); });
      if (bad == values + dim) {
        std::copy_n(values, dim, features.row(row).data());
        continue;
      }
      const Status status = Status::Invalid("feature ", bad - values,
                                            " is not a finite number; the network or its precision is at fault");
      failures->push_back(
          Failure(first + row, images[static_cast<std::size_t>(row)], {"extract", FailureCode::kNonFinite, status}));
    }
    return Status::OK();
  }

 private:
  explicit Worker(const ImageFeatures& owner)
      : owner_(owner),
        resizer_(owner.extractor().image_width(), owner.extractor().image_height(), owner.options_.resample) {}

  /// \return what is wrong with the image, or nothing once it is in the session's next input
  Result<std::optional<Problem>> Prepare(const ImageInput& image) {
    if (std::holds_alternative<std::monostate>(image)) {
      return Problem{"read", FailureCode::kMissing, Status::Invalid("null instead of an image")};
    }
    if (const auto* pixels = std::get_if<ImageView>(&image)) {
      if (pixels->width < 1 || pixels->height < 1) {
        return Problem{"decode", FailureCode::kEmpty, Status::Invalid("an array without pixels")};
      }
      ARROW_RETURN_NOT_OK(Resize(*pixels));
      return std::nullopt;
    }
    std::span<const std::uint8_t> bytes;
    if (const auto* place = std::get_if<std::string>(&image)) {
      const Status read = Read(*place);
      if (IsStoreDown(read) || read.IsCancelled() || read.IsOutOfMemory()) return read;
      if (!read.ok()) return Problem{"read", FailureCodeOf(read).value_or(FailureCode::kUnreadable), read};
      bytes = bytes_.bytes();
    } else {
      bytes = std::get<std::span<const std::uint8_t>>(image);
    }
    const Status decoded = DecodeImage(bytes, owner_.options_.decode, &image_);
    if (decoded.IsOutOfMemory()) return decoded;
    if (!decoded.ok()) return Problem{"decode", FailureCodeOf(decoded).value_or(FailureCode::kCorrupt), decoded};
    ARROW_RETURN_NOT_OK(Resize(image_.view()));
    return std::nullopt;
  }

  Status Read(const std::string& place) {
    const bool uri = place.find("://") != std::string::npos;
    ARROW_ASSIGN_OR_RAISE(const Location location, uri ? owner_.places_.Place(place) : Location::Parse(place));
    FileVersion expected;
    expected.most_bytes = owner_.places_.most_bytes();
    Status read = ReadObject(location, expected, &bytes_);
    if (FailureCodeOf(read) != FailureCode::kMissing) return read;
    return ImageFailure(FailureCode::kMissing, "there is no such file");  // it was never listed
  }

  Status Resize(ImageView image) { return resizer_.Resize(image, session_->input(static_cast<int>(good_.size()))); }

  const ImageFeatures& owner_;
  std::unique_ptr<FeatureExtractor::Session> session_;
  Resizer resizer_;
  ByteBuffer bytes_;
  Image image_;
  std::vector<std::int64_t> good_;  ///< places in the batch of the images in the session's input
  std::vector<float> scratch_;
};

ImageFeatures::ImageFeatures(const RunOptions& options, OpenedExtractor opened, const Location& here, int threads)
    : options_(options),
      opened_(std::move(opened)),
      places_(here, options),
      threads_(ExtractingThreads(*opened_.extractor, threads)) {}

ImageFeatures::~ImageFeatures() = default;

Result<std::unique_ptr<ImageFeatures>> ImageFeatures::Make(const RunOptions& options, const Json& plan) {
  const int threads = options.threads > 0 ? options.threads : UsableThreads();
  ExtractorRequest request = options.extractor;
  NetworkOptions& network = request.network;
  network.threads = threads;
  network.batch_size = ChooseBatchSize(network.image_width, network.image_height);
  network.native.memory_limit = MemoryAllowed(options.memory);
  network.native.memory = EngineMemory(network.native.memory_limit, PeakResidentBytes(), threads);
  ARROW_RETURN_NOT_OK(Decide(options, plan, &network));
  ARROW_ASSIGN_OR_RAISE(OpenedExtractor opened, OpenExtractor(request));
  const std::string weights = opened.extractor->weights_sha256();
  if (plan.is_object() && plan.value("weights_sha256", weights) != weights) {
    return Status::Invalid("the model was made with the weights ", plan["weights_sha256"].dump(), ", ",
                           request.extractor, " has ", weights, " here; name the right ones with --weights");
  }
  ARROW_ASSIGN_OR_RAISE(const Location here, Location::Parse("."));
  return std::unique_ptr<ImageFeatures>(new ImageFeatures(options, std::move(opened), here, threads));
}

Result<std::vector<QuarantineRow>> ImageFeatures::Extract(std::span<const ImageInput> images,
                                                          MatrixView<float> features,
                                                          const Cancellation* cancellation) const {
  const auto count = static_cast<std::int64_t>(images.size());
  if (features.rows != count || features.cols != extractor().dim()) {
    return Status::Invalid("room for features of shape (", features.rows, ", ", features.cols, "); want (", count, ", ",
                           extractor().dim(), ")");
  }
  const std::int64_t batch = extractor().batch_size();
  std::vector<QuarantineRow> failures;
  std::mutex mutex;
  const auto work = [&](std::int64_t number) -> Status {
    std::optional<std::unique_ptr<Worker>> worker = workers_.Take();
    if (!worker) {
      ARROW_ASSIGN_OR_RAISE(worker, Worker::Make(*this));
    }
    const std::int64_t first = number * batch;
    const std::int64_t size = std::min(batch, count - first);
    std::vector<QuarantineRow> failed;
    ARROW_RETURN_NOT_OK(
        (*worker)->Process(images.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)), first,
                           features.rows_between(first, size), &failed, cancellation));
    workers_.Give(*std::move(worker));
    const std::scoped_lock lock(mutex);
    std::move(failed.begin(), failed.end(), std::back_inserter(failures));
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ParallelFor((count + batch - 1) / batch, threads_, work, cancellation));
  std::stable_sort(failures.begin(), failures.end(),
                   [](const QuarantineRow& a, const QuarantineRow& b) { return a.index < b.index; });
  return failures;
}

}  // namespace pomona
