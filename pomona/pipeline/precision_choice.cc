#include "pomona/pipeline/precision_choice.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pomona/base/matrix_view.h"
#include "pomona/base/parallel.h"
#include "pomona/features/int8_ranges.h"
#include "pomona/image/image.h"
#include "pomona/pipeline/sample.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/retry.h"

namespace pomona {
namespace {

/// Features of a sample, and how fast they came.
struct Measured {
  std::int64_t dim = 0;
  std::string engine;
  std::vector<float> features;
  double seconds = 0;

  MatrixView<const float> view() const {
    return {features.data(), static_cast<std::int64_t>(features.size()) / dim, dim};
  }
};

Result<Measured> Measure(const FeatureExtractor& extractor, const PixelSample& sample, int threads,
                         const Cancellation* cancellation) {
  Measured measured;
  measured.dim = extractor.dim();
  measured.engine = extractor.engine();
  measured.features.resize(static_cast<std::size_t>(sample.images * measured.dim));
  std::vector<std::unique_ptr<FeatureExtractor::Session>> sessions;
  for (int i = 0; i < threads; ++i) {
    ARROW_ASSIGN_OR_RAISE(auto session, extractor.NewSession());
    sessions.push_back(std::move(session));
  }
  const std::int64_t batch = extractor.batch_size();
  const std::int64_t batches = (sample.images + batch - 1) / batch;
  const auto work = [&](std::int64_t thread) -> Status {
    FeatureExtractor::Session& session = *sessions[static_cast<std::size_t>(thread)];
    for (std::int64_t i = thread; i < batches; i += threads) {
      if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
      const std::int64_t first = i * batch;
      const std::int64_t count = std::min(batch, sample.images - first);
      for (std::int64_t j = 0; j < count; ++j) {
        std::memcpy(session.input(static_cast<int>(j)),
                    sample.pixels.data() + static_cast<std::size_t>(first + j) * sample.image_bytes,
                    sample.image_bytes);
      }
      float* rows = measured.features.data() + first * measured.dim;
      ARROW_RETURN_NOT_OK(session.Run(static_cast<int>(count), {rows, count, measured.dim}));
    }
    return Status::OK();
  };
  const auto start = std::chrono::steady_clock::now();
  ARROW_RETURN_NOT_OK(ParallelFor(threads, threads, work));
  measured.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return measured;
}

/// The mean over the images of the cosine between both features; 0 where one is not finite, 1 where both are zero.
double MeanCosine(const Measured& a, const Measured& b) {
  double sum = 0;
  const std::int64_t images = a.view().rows;
  for (std::int64_t i = 0; i < images; ++i) {
    double product = 0;
    double left = 0;
    double right = 0;
    for (std::int64_t j = 0; j < a.dim; ++j) {
      const double x = a.view()(i, j);
      const double y = b.view()(i, j);
      product += x * y;
      left += x * x;
      right += y * y;
    }
    const double cosine = left == 0 && right == 0 ? 1 : product / std::sqrt(left * right);
    sum += std::isfinite(cosine) ? cosine : 0;
  }
  return sum / static_cast<double>(images);
}

Result<std::vector<float>> MeasureRanges(ExtractorRequest request, const PixelSample& sample,
                                         const Cancellation* cancellation) {
  request.network.precision = Precision::kFloat32;
  request.network.measure_int8_ranges = true;
  ARROW_ASSIGN_OR_RAISE(const OpenedExtractor opened, OpenExtractor(request));
  ARROW_ASSIGN_OR_RAISE(const Measured maxima,
                        Measure(*opened.extractor, sample, request.network.threads, cancellation));
  return ChooseInt8Ranges(maxima.view());
}

Json RangesJson(const std::vector<float>& ranges) {
  Json values = Json::array();
  for (const float range : ranges) values.push_back(static_cast<double>(range));
  return values;
}

/// Opens the extractor in one precision and measures it; nothing when it is not on offer.
Result<std::optional<Measured>> Try(ExtractorRequest* request, Precision precision, const PixelSample& sample,
                                    const Cancellation* cancellation) {
  request->network.precision = precision;
  request->network.int8_ranges.clear();
  if (precision == Precision::kInt8) {
    Result<std::vector<float>> ranges = MeasureRanges(*request, sample, cancellation);
    if (ranges.status().IsCancelled()) return ranges.status();
    if (!ranges.ok()) return std::nullopt;
    request->network.int8_ranges = *std::move(ranges);
  }
  const Result<OpenedExtractor> opened = OpenExtractor(*request);
  if (!opened.ok() && precision != Precision::kFloat32) return std::nullopt;
  ARROW_RETURN_NOT_OK(opened.status());
  // The first batches pay for memory and compiled kernels; they are not what a long run sees.
  ARROW_RETURN_NOT_OK(Measure(*opened->extractor, sample, request->network.threads, cancellation).status());
  ARROW_ASSIGN_OR_RAISE(Measured measured, Measure(*opened->extractor, sample, request->network.threads, cancellation));
  return measured;
}

}  // namespace

Result<PixelSample> ReadPixelSample(const Manifest& manifest, const ImagePlaces& places, const DecodeOptions& decode,
                                    ResizeFilter resample, int width, int height, const Cancellation* cancellation) {
  std::map<std::string, std::int32_t, std::less<>> labels;
  std::vector<SampleCandidate> candidates;
  for (std::int64_t block = 0; block < BlockCount(manifest.size()); ++block) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, manifest.ReadBlock(block));
    for (std::int64_t i = 0; i < rows->size(); ++i) {
      const auto next = static_cast<std::int32_t>(labels.size());
      const std::int32_t label = labels.try_emplace(std::string(rows->row(i).label), next).first->second;
      candidates.push_back({label, PathHash(rows->row(i).path)});
    }
  }
  PixelSample sample;
  sample.image_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  Resizer resizer(width, height, resample);
  ByteBuffer bytes;
  Image image;
  for (const std::int64_t index : SpreadSample(candidates, kPrecisionSample)) {
    if (cancellation != nullptr) ARROW_RETURN_NOT_OK(cancellation->Check());
    ARROW_ASSIGN_OR_RAISE(const auto rows, manifest.ReadBlock(index / kBlockRows));
    const Status read = ReadImage(places, rows->row(index % kBlockRows), &bytes);
    if (IsStoreDown(read) || read.IsCancelled()) return read;
    if (!read.ok() || !DecodeImage(bytes.bytes(), decode, &image).ok()) continue;
    sample.pixels.resize(static_cast<std::size_t>(sample.images + 1) * sample.image_bytes);
    ARROW_RETURN_NOT_OK(resizer.Resize(
        image.view(), sample.pixels.data() + static_cast<std::size_t>(sample.images) * sample.image_bytes));
    ++sample.images;
  }
  return sample;
}

Result<PrecisionChoice> ChoosePrecision(const ExtractorRequest& asked, const PixelSample& sample, bool automatic,
                                        double min_similarity, const Cancellation* cancellation) {
  if (sample.images == 0) return Status::Invalid("none of the images that should decide the precision can be read");
  ExtractorRequest request = asked;
  PrecisionChoice choice;
  if (!automatic) {
    ARROW_ASSIGN_OR_RAISE(request.network.int8_ranges, MeasureRanges(request, sample, cancellation));
    choice.network = request.network;
    choice.record = {{"sample_images", sample.images}, {"int8_ranges", RangesJson(request.network.int8_ranges)}};
    return choice;
  }
  std::optional<Measured> reference;
  double best_seconds = 0;
  Json measurements = Json::array();
  double chosen_cosine = 1;
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    ARROW_ASSIGN_OR_RAISE(std::optional<Measured> measured, Try(&request, precision, sample, cancellation));
    if (!measured) continue;
    if (!reference) reference = measured;
    const double cosine = MeanCosine(*reference, *measured);
    measurements.push_back({{"precision", PrecisionName(precision)},
                            {"engine", measured->engine},
                            {"images_per_second", static_cast<double>(sample.images) / measured->seconds},
                            {"mean_cosine", cosine}});
    if (precision != Precision::kFloat32 && (cosine < min_similarity || measured->seconds >= best_seconds)) continue;
    best_seconds = measured->seconds;
    chosen_cosine = cosine;
    choice.network = request.network;
  }
  choice.record = {{"chosen", PrecisionName(choice.network.precision)},
                   {"mean_cosine", chosen_cosine},
                   {"min_similarity", min_similarity},
                   {"sample_images", sample.images},
                   {"measured", std::move(measurements)},
                   {"int8_ranges", RangesJson(choice.network.int8_ranges)}};
  return choice;
}

}  // namespace pomona
