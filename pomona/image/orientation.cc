#include "pomona/image/orientation.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

namespace pomona {
namespace {

constexpr int kOrientationTag = 0x0112;

/// Numbers of either byte order out of a block of bytes; 0 past its end.
class TiffReader {
 public:
  TiffReader(std::span<const std::uint8_t> bytes, bool little_endian) : bytes_(bytes), little_endian_(little_endian) {}

  std::uint32_t Unsigned(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[little_endian_ ? offset + size - 1 - i : offset + i];
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_endian_;
};

bool StartsWith(std::span<const std::uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

void SwapPixels(std::uint8_t* a, std::uint8_t* b) { std::swap_ranges(a, a + 3, b); }

void MirrorRows(Image* image) {
  const std::size_t stride = static_cast<std::size_t>(image->width) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(image->height); ++y) {
    std::uint8_t* left = image->pixels.data() + y * stride;
    std::uint8_t* right = left + stride - 3;
    for (; left < right; left += 3, right -= 3) SwapPixels(left, right);
  }
}

void TurnUpsideDown(Image* image) {
  const std::size_t stride = static_cast<std::size_t>(image->width) * 3;
  std::uint8_t* top = image->pixels.data();
  std::uint8_t* bottom = top + image->view().size_bytes() - stride;
  for (; top < bottom; top += stride, bottom -= stride) std::swap_ranges(top, top + stride, bottom);
}

/// Rows become columns.
void Transpose(Image* image) {
  const auto width = static_cast<std::size_t>(image->width);
  const auto height = static_cast<std::size_t>(image->height);
  std::vector<std::uint8_t> turned(image->view().size_bytes());
  constexpr std::size_t kTile = 32;  // both buffers stay in the cache
  for (std::size_t y0 = 0; y0 < height; y0 += kTile) {
    for (std::size_t x0 = 0; x0 < width; x0 += kTile) {
      for (std::size_t y = y0; y < std::min(y0 + kTile, height); ++y) {
        for (std::size_t x = x0; x < std::min(x0 + kTile, width); ++x) {
          std::memcpy(turned.data() + (x * height + y) * 3, image->pixels.data() + (y * width + x) * 3, 3);
        }
      }
    }
  }
  image->pixels.swap(turned);
  std::swap(image->width, image->height);
}

}  // namespace

int ExifOrientation(std::span<const std::uint8_t> exif) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  while (StartsWith(exif, kPrefix)) exif = exif.subspan(kPrefix.size());
  const bool little_endian = StartsWith(exif, "II");
  if (!little_endian && !StartsWith(exif, "MM")) return 0;
  const TiffReader reader(exif, little_endian);
  const std::size_t directory = reader.Unsigned(4, 4);
  const std::size_t entries = reader.Unsigned(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (entry + 12 > exif.size()) return 0;
    if (reader.Unsigned(entry, 2) != kOrientationTag) continue;
    constexpr std::uint32_t kShort = 3;
    constexpr std::uint32_t kLong = 4;
    const std::uint32_t type = reader.Unsigned(entry + 2, 2);
    if (reader.Unsigned(entry + 4, 4) != 1 || (type != kShort && type != kLong)) return 0;
    const std::uint32_t value = reader.Unsigned(entry + 8, type == kShort ? 2 : 4);
    return static_cast<int>(std::min<std::uint32_t>(value, 0xFFFF));
  }
  return 0;
}

int XmpOrientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with('>')) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return rest[0] - '0';
  }
  return 0;
}

int ImageOrientation(std::span<const std::uint8_t> exif, std::string_view xmp) {
  int orientation = ExifOrientation(exif);
  if (orientation == 0) orientation = XmpOrientation(xmp);
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

void ApplyOrientation(int orientation, Image* image) {
  if (image->pixels.empty()) return;
  switch (orientation) {
    case 2:
      MirrorRows(image);
      break;
    case 3:
      MirrorRows(image);
      TurnUpsideDown(image);
      break;
    case 4:
      TurnUpsideDown(image);
      break;
    case 5:
      Transpose(image);
      break;
    case 6:  // a quarter turn clockwise
      TurnUpsideDown(image);
      Transpose(image);
      break;
    case 7:
      MirrorRows(image);
      TurnUpsideDown(image);
      Transpose(image);
      break;
    case 8:  // a quarter turn counter-clockwise
      MirrorRows(image);
      Transpose(image);
      break;
    default:
      break;
  }
}

}  // namespace pomona
