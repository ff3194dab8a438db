#include "pomona/features/winograd/pixel_stripe.h"

#include <vector>

#include <gtest/gtest.h>

#include "pomona/features/winograd/winograd_for_test.h"

namespace pomona::winograd {
namespace {

constexpr int kRows = 17;
constexpr int kColumns = 9;
constexpr int kPaddedColumns = 13;
constexpr int kOutputs = 32;

class PixelStripeTest : public testing::TestWithParam<SimdTarget> {
 protected:
  PixelStripeTest()
      : kernel_(RandomFloats(std::size_t{kFirstTaps} * kOutputs, 4)),
        bias_values_(RandomFloats(kOutputs, 5)),
        weights_(kernel_.size()),
        bias_(kOutputs),
        mean_(std::size_t{3} * kColumns) {
    const FirstConvolution& convolution = FirstConvolutionFor(GetParam());
    for (int i = 0; i < kFirstTaps * kOutputs; ++i) {
      const int output = i % kOutputs;
      const int place = (output / convolution.panel_width * kFirstTaps + i / kOutputs) * convolution.panel_width;
      weights_.data()[place + output % convolution.panel_width] = kernel_[static_cast<std::size_t>(i)];
    }
    std::copy(bias_values_.begin(), bias_values_.end(), bias_.data());
    std::fill_n(mean_.data(), mean_.size(), 100.0F);
    layer_ = {&convolution, kRows, kColumns, kOutputs, weights_.data(), bias_.data(), mean_.data()};
    for (std::size_t i = 0; i < std::size_t{kRows} * kColumns * 3; ++i) {
      pixels_.push_back(static_cast<std::uint8_t>(i * 31 % 251));
    }
  }

  /// Checks a row of the window against the definition.
  void ExpectRow(const PixelStripe& stripe, int place, int padded_row) const {
    Image64 image;
    for (const std::uint8_t pixel : pixels_) image.push_back(pixel - 100.0);
    const Image64 expected = DirectConvolution(image, kRows, kColumns, kernel_, bias_values_);
    const MapView map = stripe.map();
    for (int x = 0; x < kPaddedColumns; ++x) {
      for (int c = 0; c < kOutputs; ++c) {
        const bool inside = padded_row >= 1 && padded_row <= kRows && x >= 1 && x <= kColumns;
        const double wanted =
            inside ? expected[static_cast<std::size_t>(((padded_row - 1) * kColumns + x - 1) * kOutputs + c)] : 0;
        const float got = map.data[c / kChannelBlock * map.block_stride + place * map.row_stride + x * kChannelBlock +
                                   c % kChannelBlock];
        ASSERT_NEAR(got, wanted, 1e-2) << "row " << padded_row << ", column " << x;
      }
    }
  }

  std::vector<float> kernel_;
  std::vector<float> bias_values_;
  FloatBuffer weights_;
  FloatBuffer bias_;
  FloatBuffer mean_;
  FirstLayer layer_;
  std::vector<std::uint8_t> pixels_;
};

TEST_P(PixelStripeTest, MovesDownTheImage) {
  for (const int step : {2, 5, 6, 20}) {
    PixelStripe stripe(layer_, step + 2, kPaddedColumns);
    ASSERT_TRUE(stripe.allocated());
    for (int image = 0; image < 2; ++image) {  // the second time over what the first left
      stripe.Begin(pixels_.data());
      for (int first = 0; first < kRows + 3; first += step) {
        stripe.Fill(first, step + 2);
        for (int place = 0; place < step + 2; ++place) ExpectRow(stripe, place, first + place);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, PixelStripeTest, testing::ValuesIn(UsableSimdTargets()), TargetTestName);

}  // namespace
}  // namespace pomona::winograd
