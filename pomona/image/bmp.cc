// Windows bitmaps (BMP, header versions 1 to 5 and OS/2), read here: no library of Debian reads all of them.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "pomona/image/codec.h"

namespace pomona {
namespace {

constexpr std::size_t kFileHeaderSize = 14;
constexpr std::uint32_t kCoreHeaderSize = 12;  // the oldest: 16-bit sizes, palette entries of 3 bytes
constexpr std::size_t kMasksOffset = kFileHeaderSize + 40;

enum Compression : std::uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };

/// Where a colour lies in a pixel of 16 to 32 bits.
class Channel {
 public:
  Channel() = default;
  explicit Channel(std::uint32_t mask) : mask_(mask), shift_(mask == 0 ? 0 : std::countr_zero(mask)) {}

  /// Spread over 0 to 255; of more than 8 bits the high ones.
  std::uint8_t Get(std::uint32_t pixel) const {
    if (mask_ == 0) return 0;
    const std::uint64_t largest = mask_ >> shift_;
    const std::uint64_t value = (pixel & mask_) >> shift_;
    if (largest <= 255) return static_cast<std::uint8_t>(value * 255 / largest);
    return static_cast<std::uint8_t>(value >> (std::bit_width(largest) - 8));
  }

 private:
  std::uint32_t mask_ = 0;
  int shift_ = 0;
};

class BmpDecoder {
 public:
  BmpDecoder(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline)
      : bytes_(bytes), options_(options), deadline_(deadline) {}

  Status ReadHeader();
  Status ReadPixels(Image* image);

 private:
  std::uint32_t Number(std::size_t offset, std::size_t size) const;
  Status CheckKind() const;
  void ReadMasks();
  Status ReadRows(Image* image) const;
  Status ReadRunLengths(std::vector<std::uint8_t>* indices) const;
  void ConvertRow(const std::uint8_t* row, std::uint8_t* target) const;

  std::span<const std::uint8_t> bytes_;
  const DecodeOptions& options_;
  const Deadline& deadline_;
  std::size_t pixels_offset_ = 0;
  std::int64_t width_ = 0;
  std::int64_t height_ = 0;
  bool top_down_ = false;
  std::uint32_t bits_ = 0;  ///< a pixel
  std::uint32_t compression_ = kNone;
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};  ///< what a file leaves out is black
  std::array<Channel, 3> channels_;
};

/// A little-endian number; the caller has checked that it lies in the file.
std::uint32_t BmpDecoder::Number(std::size_t offset, std::size_t size) const {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes_[offset + i];
  return value;
}

Status BmpDecoder::ReadHeader() {
  if (bytes_.size() < kFileHeaderSize + kCoreHeaderSize) return TruncatedImage("BMP", bytes_.size());
  const std::uint32_t header_size = Number(kFileHeaderSize, 4);
  if (bytes_.size() < kFileHeaderSize + header_size) return TruncatedImage("BMP", bytes_.size());
  std::uint32_t colours = 0;
  if (header_size == kCoreHeaderSize) {
    width_ = Number(18, 2);
    height_ = Number(20, 2);
    bits_ = Number(24, 2);
  } else {
    width_ = static_cast<std::int32_t>(Number(18, 4));
    height_ = static_cast<std::int32_t>(Number(22, 4));
    bits_ = Number(28, 2);
    compression_ = Number(30, 4);
    colours = Number(46, 4);
    top_down_ = height_ < 0;
    height_ = top_down_ ? -height_ : height_;
  }
  ARROW_RETURN_NOT_OK(CheckKind());
  ARROW_RETURN_NOT_OK(CheckImageSize("BMP", width_, height_, options_));

  pixels_offset_ = Number(10, 4);
  const std::size_t after_header = kFileHeaderSize + header_size;
  if (bits_ <= 8) {
    const std::size_t entry = header_size == kCoreHeaderSize ? 3 : 4;
    const std::size_t entries = colours == 0 ? std::size_t{1} << bits_ : colours;
    if (entries > 65536) return CorruptImage("BMP", "its palette has " + std::to_string(entries) + " colours");
    for (std::size_t i = 0; i < std::min<std::size_t>(entries, palette_.size()); ++i) {
      const std::size_t at = after_header + i * entry;
      if (at + 3 > bytes_.size()) return TruncatedImage("BMP", bytes_.size());
      palette_[i] = {bytes_[at + 2], bytes_[at + 1], bytes_[at]};
    }
    // Some writers point at the palette instead of the pixels.
    if (pixels_offset_ == after_header || pixels_offset_ == 0) pixels_offset_ = after_header + entries * entry;
    return Status::OK();
  }
  if (compression_ == kBitFields && bytes_.size() < kMasksOffset + 12) return TruncatedImage("BMP", bytes_.size());
  ReadMasks();
  if (pixels_offset_ == 0) pixels_offset_ = after_header + (compression_ == kBitFields && header_size == 40 ? 12 : 0);
  return Status::OK();
}

Status BmpDecoder::CheckKind() const {
  constexpr std::array<std::uint32_t, 6> kBits = {1, 4, 8, 16, 24, 32};
  if (std::find(kBits.begin(), kBits.end(), bits_) == kBits.end()) {
    return UnsupportedImage("BMP", "with " + std::to_string(bits_) + " bits a pixel");
  }
  const bool fits = compression_ == kNone || (compression_ == kRle8 && bits_ == 8) ||
                    (compression_ == kRle4 && bits_ == 4) || (compression_ == kBitFields && bits_ > 8);
  if (fits) return Status::OK();
  return UnsupportedImage(
      "BMP", "with compression " + std::to_string(compression_) + " at " + std::to_string(bits_) + " bits a pixel");
}

void BmpDecoder::ReadMasks() {
  std::array<std::uint32_t, 3> masks = {0xFF0000, 0xFF00, 0xFF};
  if (bits_ == 16) masks = {0x7C00, 0x3E0, 0x1F};
  if (compression_ == kBitFields) {
    const std::array<std::uint32_t, 3> own = {Number(kMasksOffset, 4), Number(kMasksOffset + 4, 4),
                                              Number(kMasksOffset + 8, 4)};
    if ((own[0] | own[1] | own[2]) != 0) masks = own;  // all 0: the usual order
  }
  for (std::size_t c = 0; c < 3; ++c) channels_[c] = Channel(masks[c]);
}

void BmpDecoder::ConvertRow(const std::uint8_t* row, std::uint8_t* target) const {
  const auto width = static_cast<std::size_t>(width_);
  if (bits_ <= 8) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t bit = x * bits_;
      const std::size_t index = row[bit / 8] >> (8 - bits_ - bit % 8) & ((1U << bits_) - 1);
      std::memcpy(target + 3 * x, palette_[index].data(), 3);
    }
    return;
  }
  const std::size_t size = bits_ / 8;
  for (std::size_t x = 0; x < width; ++x, row += size, target += 3) {
    std::uint32_t pixel = 0;
    for (std::size_t i = size; i-- > 0;) pixel = pixel << 8 | row[i];
    for (std::size_t c = 0; c < 3; ++c) target[c] = channels_[c].Get(pixel);
  }
}

Status BmpDecoder::ReadRows(Image* image) const {
  const auto width = static_cast<std::size_t>(width_);
  const auto height = static_cast<std::size_t>(height_);
  const std::size_t stride = (width * bits_ + 31) / 32 * 4;
  for (std::size_t y = 0; y < height; ++y) {
    if (deadline_.passed()) return SlowImage("BMP", deadline_);
    const std::size_t target = top_down_ ? y : height - 1 - y;
    ConvertRow(bytes_.data() + pixels_offset_ + y * stride, image->pixels.data() + target * width * 3);
  }
  return Status::OK();
}

/// Run-length coding: pairs of (count, value); a count of 0 escapes to end of line, end of bitmap, a move, or
/// so many values as they are. Pixels that are skipped keep index 0; those after an early end are missing.
Status BmpDecoder::ReadRunLengths(std::vector<std::uint8_t>* indices) const {
  const auto width = static_cast<std::size_t>(width_);
  const std::size_t all = indices->size();
  const bool halves = compression_ == kRle4;
  std::size_t at = pixels_offset_;
  std::size_t pixel = 0;
  std::size_t x = 0;
  const auto value = [halves](std::uint8_t byte, std::size_t i) {
    return static_cast<std::uint8_t>(!halves ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
  };
  while (pixel < all) {
    if (at + 2 > bytes_.size()) return TruncatedImage("BMP", bytes_.size());
    const std::size_t count = bytes_[at];
    const std::uint8_t byte = bytes_[at + 1];
    at += 2;
    if (count > 0) {  // no run goes on in the next row
      const std::size_t run = std::min({count, width - std::min(x, width), all - pixel});
      for (std::size_t i = 0; i < run; ++i) (*indices)[pixel + i] = value(byte, i);
      pixel += run;
      x += run;
    } else if (byte == 0) {
      pixel = (pixel + width - 1) / width * width;
      x = 0;
    } else if (byte == 1) {
      break;
    } else if (byte == 2) {
      if (at + 2 > bytes_.size()) return TruncatedImage("BMP", bytes_.size());
      pixel = std::min(all, pixel + bytes_[at] + bytes_[at + 1] * width);
      x = pixel % width;
      at += 2;
    } else {
      const std::size_t run = std::min<std::size_t>(byte, all - pixel);
      const std::size_t size = halves ? (std::size_t{byte} + 1) / 2 : byte;
      if (at + (halves ? (run + 1) / 2 : run) > bytes_.size()) return TruncatedImage("BMP", bytes_.size());
      for (std::size_t i = 0; i < run; ++i) (*indices)[pixel + i] = value(bytes_[at + (halves ? i / 2 : i)], i);
      pixel += run;
      x += run;
      at += (size + 1) / 2 * 2;  // to the next even byte
    }
  }
  return pixel < all ? TruncatedImage("BMP", bytes_.size()) : Status::OK();
}

Status BmpDecoder::ReadPixels(Image* image) {
  const auto width = static_cast<std::size_t>(width_);
  const auto height = static_cast<std::size_t>(height_);
  const bool runs = compression_ == kRle8 || compression_ == kRle4;
  const std::size_t wanted = runs ? 1 : (width * bits_ + 31) / 32 * 4 * height;
  if (pixels_offset_ > bytes_.size() || bytes_.size() - pixels_offset_ < wanted) {
    return TruncatedImage("BMP", bytes_.size());
  }
  ARROW_RETURN_NOT_OK(AllocateImage("BMP", width_, height_, options_, image));
  if (!runs) return ReadRows(image);
  std::vector<std::uint8_t> indices(width * height);
  ARROW_RETURN_NOT_OK(ReadRunLengths(&indices));
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* from = indices.data() + (top_down_ ? y : height - 1 - y) * width;
    std::uint8_t* to = image->pixels.data() + y * width * 3;
    for (std::size_t x = 0; x < width; ++x) std::memcpy(to + 3 * x, palette_[from[x]].data(), 3);
  }
  return Status::OK();
}

}  // namespace

Result<int> DecodeBmp(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image) {
  BmpDecoder decoder(bytes, options, deadline);
  ARROW_RETURN_NOT_OK(decoder.ReadHeader());
  ARROW_RETURN_NOT_OK(decoder.ReadPixels(image));
  return 1;  // BMP has no EXIF
}

}  // namespace pomona
