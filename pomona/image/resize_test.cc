#include "pomona/image/resize.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "pomona/base/hash.h"

namespace pomona {
namespace {

// tests/test_image_pillow.py compares hundreds of sizes with Pillow itself; here are what must hold without it.

constexpr ResizeFilter kFilters[] = {ResizeFilter::kNearest, ResizeFilter::kBilinear, ResizeFilter::kBicubic,
                                     ResizeFilter::kLanczos};

Image Noise(int width, int height, unsigned seed) {
  std::mt19937 random(seed);
  Image image{width, height, {}};
  image.pixels.resize(image.view().size_bytes());
  for (std::uint8_t& sample : image.pixels) sample = static_cast<std::uint8_t>(random());
  return image;
}

Image Resized(const Image& image, int width, int height, ResizeFilter filter) {
  Image resized{width, height, {}};
  resized.pixels.resize(resized.view().size_bytes());
  EXPECT_TRUE(Resizer(width, height, filter).Resize(image.view(), resized.pixels.data()).ok());
  return resized;
}

TEST(ResizeFilterName, ThereAndBack) {
  for (const ResizeFilter filter : kFilters) EXPECT_EQ(ResizeFilterFromName(ResizeFilterName(filter)), filter);
  EXPECT_EQ(ResizeFilterFromName("cubic"), std::nullopt);
}

TEST(Resizer, SameSizeIsACopy) {
  const Image image = Noise(31, 17, 1);
  for (const ResizeFilter filter : kFilters) EXPECT_EQ(Resized(image, 31, 17, filter).pixels, image.pixels);
}

TEST(Resizer, OneColourStays) {
  Image image{50, 40, {}};
  for (int i = 0; i < 50 * 40; ++i) image.pixels.insert(image.pixels.end(), {200, 100, 7});
  for (const ResizeFilter filter : kFilters) {
    for (const auto& [width, height] : {std::pair{13, 90}, {128, 3}, {1, 1}, {77, 77}}) {
      const Image resized = Resized(image, width, height, filter);
      for (std::size_t i = 0; i < resized.pixels.size(); i += 3) {
        ASSERT_EQ(resized.pixels[i], 200);
        ASSERT_EQ(resized.pixels[i + 1], 100);
        ASSERT_EQ(resized.pixels[i + 2], 7);
      }
    }
  }
}

TEST(Resizer, OneObjectServesManySizes) {
  Resizer resizer(24, 18, ResizeFilter::kLanczos);
  std::vector<std::uint8_t> output(24 * 18 * 3);
  for (int round = 0; round < 400; ++round) {
    const Image image = Noise(1 + round % 199, 1 + round * 7 % 211, static_cast<unsigned>(round));
    ASSERT_TRUE(resizer.Resize(image.view(), output.data()).ok());
    ASSERT_EQ(output, Resized(image, 24, 18, ResizeFilter::kLanczos).pixels) << round;
  }
}

TEST(Resizer, NothingOutsideTheBuffersIsTouched) {
  // Exact-size heap buffers, so that the address sanitizer sees a byte too many; all widths around vector sizes.
  for (int width = 1; width <= 45; ++width) {
    for (const int target : {1, 2, 5, 21, 22, 43}) {
      const Image image = Noise(width, 5, static_cast<unsigned>(width));
      for (const ResizeFilter filter : kFilters) {
        Resized(image, target, 3, filter);
        Resized(image, target, 11, filter);
        Resized(image, target, 5, filter);
        Resized(image, width, target, filter);
      }
    }
  }
}

TEST(Resizer, GoldenOfPillow) {
  Image image{60, 45, {}};
  for (int i = 0; i < 60 * 45 * 3; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * i % 251));
  const auto digest = [&](int width, int height, ResizeFilter filter) {
    const Image resized = Resized(image, width, height, filter);
    return Sha256({reinterpret_cast<const char*>(resized.pixels.data()), resized.pixels.size()}).substr(0, 16);
  };
  EXPECT_EQ(digest(224, 224, ResizeFilter::kNearest), "816001aeac3734c2");
  EXPECT_EQ(digest(16, 16, ResizeFilter::kNearest), "f51dffdcdb2c245e");
  EXPECT_EQ(digest(90, 11, ResizeFilter::kNearest), "fc2e1ce2d53b77e5");
  EXPECT_EQ(digest(224, 224, ResizeFilter::kBilinear), "209b6141e3834e95");
  EXPECT_EQ(digest(16, 16, ResizeFilter::kBilinear), "6c772443751da2bd");
  EXPECT_EQ(digest(90, 11, ResizeFilter::kBilinear), "fde8c2c54e7b43e4");
  EXPECT_EQ(digest(224, 224, ResizeFilter::kBicubic), "d3a1767685f2e5a3");
  EXPECT_EQ(digest(16, 16, ResizeFilter::kBicubic), "7bf2e7a8c1a5585b");
  EXPECT_EQ(digest(90, 11, ResizeFilter::kBicubic), "6ef326a0f89b8f22");
  EXPECT_EQ(digest(224, 224, ResizeFilter::kLanczos), "dc433674aa166c9b");
  EXPECT_EQ(digest(16, 16, ResizeFilter::kLanczos), "c7ee214cc6a31b31");
  EXPECT_EQ(digest(90, 11, ResizeFilter::kLanczos), "7964d0c39261faa4");
}

TEST(Resizer, RefusesWhatCannotBe) {
  std::uint8_t output[3];
  EXPECT_FALSE(Resizer(1, 1, ResizeFilter::kBicubic).Resize({}, output).ok());
  const Image image = Noise(2, 2, 3);
  EXPECT_FALSE(Resizer(0, 1, ResizeFilter::kBicubic).Resize(image.view(), output).ok());
}

}  // namespace
}  // namespace pomona
