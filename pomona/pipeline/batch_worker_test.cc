#include "pomona/pipeline/batch_worker.h"

#include <cmath>
#include <limits>

#include <arrow/array.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pomona/pipeline/testing_folder.h"

namespace pomona {
namespace {

using testing_folder::TempFolder;
using testing_folder::WriteFile;

/// Gives two features: the mean red, and NaN where an image is all black.
class FakeExtractor : public FeatureExtractor {
 public:
  class FakeSession : public Session {
   public:
    std::uint8_t* input(int i) override { return pixels_ + i * 12; }
    Status Run(int count, MatrixView<float> features) override {
      for (int i = 0; i < count; ++i) {
        int sum = 0;
        for (int j = 0; j < 12; ++j) sum += pixels_[i * 12 + j];
        features(i, 0) = static_cast<float>(input(i)[0]);
        features(i, 1) = sum == 0 ? std::numeric_limits<float>::quiet_NaN() : 1.0F;
      }
      return Status::OK();
    }

   private:
    std::uint8_t pixels_[12 * 4] = {};
  };
  std::int64_t dim() const override { return 2; }
  int image_width() const override { return 2; }
  int image_height() const override { return 2; }
  int batch_size() const override { return 4; }
  std::string engine() const override { return "fake"; }
  std::string weights_sha256() const override { return ""; }
  Result<std::unique_ptr<Session>> NewSession() const override { return std::make_unique<FakeSession>(); }
};

/// A 1x1 BMP of one colour.
std::string Bmp(char red) {
  std::string bytes("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0", 30);
  bytes.append(24, '\0');
  bytes += std::string("\0\0", 2) + red + '\0';
  return bytes;
}

class BatchWorkerTest : public ::testing::Test {
 protected:
  BatchWorkerTest() : places_(Location::Parse(folder_ / "in").ValueOrDie()) {
    for (const char* name : {"1.bmp", "2.bmp", "3.bmp", "4.bmp"}) rows_.Add(name, "x", 58, 0);
    WriteFile(folder_ / "in/1.bmp", Bmp('\x10'));
    WriteFile(folder_ / "in/2.bmp", Bmp('\0'));  // black
    WriteFile(folder_ / "in/4.bmp", Bmp('\x40'));
    const Location place = Location::Parse(folder_ / "manifest.parquet").ValueOrDie();
    EXPECT_TRUE(WriteManifest(rows_, place).ok());
    block_ = Manifest::Open(place).ValueOrDie()->ReadBlock(0).ValueOrDie();
  }
  TempFolder folder_;
  FakeExtractor extractor_;
  ManifestRows rows_{"in/"};
  ImagePlaces places_;
  std::shared_ptr<const ManifestBlock> block_;
};

TEST_F(BatchWorkerTest, GoodRowsStayInOrderAndTheOthersSayWhy) {
  const std::vector<std::int64_t> thumbnails = {3};
  const auto worker = BatchWorker::Make({&extractor_, ResizeFilter::kNearest, {}, thumbnails}, places_).ValueOrDie();
  const BatchResult result = worker->Process(*block_, 0, 4, {}, nullptr).ValueOrDie();
  ASSERT_EQ(result.rows->num_rows(), 2);
  EXPECT_TRUE(result.rows->Validate().ok());
  const auto& index = static_cast<const arrow::Int64Array&>(*result.rows->column(0));
  EXPECT_EQ(index.Value(0), 0);
  EXPECT_EQ(index.Value(1), 3);
  const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*result.rows->column(5));
  EXPECT_EQ(static_cast<const arrow::FloatArray&>(*lists.values()).Value(2), 64.0F);
  EXPECT_TRUE(result.rows->column(6)->IsNull(0));
  EXPECT_FALSE(result.rows->column(6)->IsNull(1));
  ASSERT_EQ(result.failures.size(), 2U);
  EXPECT_EQ(result.failures[0].path, "in/2.bmp");
  EXPECT_EQ(result.failures[0].code, FailureCode::kNonFinite);
  EXPECT_EQ(result.failures[0].stage, "extract");
  EXPECT_THAT(result.failures[0].message, ::testing::HasSubstr("feature 1 is not a finite number"));
  EXPECT_EQ(result.failures[1].code, FailureCode::kMissing);
  EXPECT_EQ(result.failures[1].index, 2);
}

TEST_F(BatchWorkerTest, NothingGoodIsAnEmptyBatch) {
  const auto worker = BatchWorker::Make({&extractor_, ResizeFilter::kNearest, {}, {}}, places_).ValueOrDie();
  const BatchResult result = worker->Process(*block_, 1, 2, {}, nullptr).ValueOrDie();
  EXPECT_EQ(result.rows->num_rows(), 0);
  EXPECT_EQ(result.failures.size(), 2U);
}

TEST_F(BatchWorkerTest, Cancellation) {
  Cancellation cancellation;
  cancellation.Cancel();
  const auto worker = BatchWorker::Make({&extractor_, ResizeFilter::kNearest, {}, {}}, places_).ValueOrDie();
  EXPECT_TRUE(worker->Process(*block_, 0, 4, {}, &cancellation).status().IsCancelled());
}

}  // namespace
}  // namespace pomona
