#include "pomona/features/pixels_extractor.h"

#include <cstddef>
#include <vector>

namespace pomona {
namespace {

constexpr int kBatchSize = 32;

class PixelsSession : public FeatureExtractor::Session {
 public:
  explicit PixelsSession(std::int64_t dim)
      : dim_(dim), pixels_(static_cast<std::size_t>(dim) * static_cast<std::size_t>(kBatchSize)) {}

  std::uint8_t* input(int i) override { return pixels_.data() + i * dim_; }

  Status Run(int count, MatrixView<float> features) override {
    if (count < 0 || count > kBatchSize || features.rows < count || features.cols != dim_) {
      return Status::Invalid("a batch of ", count, " images into features of shape (", features.rows, ", ",
                             features.cols, "), at most ", kBatchSize, " images and shape (count, ", dim_,
                             ") expected");
    }
    const std::int64_t values = count * dim_;
    for (std::int64_t i = 0; i < values; ++i) features.data[i] = pixels_[static_cast<std::size_t>(i)];
    return Status::OK();
  }

 private:
  std::int64_t dim_;
  std::vector<std::uint8_t> pixels_;
};

class PixelsExtractor : public FeatureExtractor {
 public:
  PixelsExtractor(int width, int height) : width_(width), height_(height) {}

  std::int64_t dim() const override { return std::int64_t{3} * width_ * height_; }
  int image_width() const override { return width_; }
  int image_height() const override { return height_; }
  int batch_size() const override { return kBatchSize; }
  std::string engine() const override { return "native"; }
  std::string weights_sha256() const override { return ""; }
  Result<std::unique_ptr<Session>> NewSession() const override { return std::make_unique<PixelsSession>(dim()); }

 private:
  int width_;
  int height_;
};

}  // namespace

Result<std::unique_ptr<FeatureExtractor>> MakePixelsExtractor(int width, int height) {
  constexpr int kLargest = 4096;  // a row of 50 million features
  if (width < 1 || height < 1 || width > kLargest || height > kLargest) {
    return Status::Invalid("an image size of ", width, "x", height, " for the pixels extractor; 1x1 to ", kLargest, "x",
                           kLargest, " wanted");
  }
  return std::make_unique<PixelsExtractor>(width, height);
}

}  // namespace pomona
