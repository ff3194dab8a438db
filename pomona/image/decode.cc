#include "pomona/image/decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/foreign_content.h"
#include "pomona/image/orientation.h"

namespace pomona {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool HasAt(Bytes bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() && std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

bool IsJpeg(Bytes bytes) { return HasAt(bytes, 0, "\xFF\xD8\xFF"); }
bool IsPng(Bytes bytes) { return HasAt(bytes, 0, "\x89PNG\r\n\x1A\n"); }
bool IsWebp(Bytes bytes) { return HasAt(bytes, 0, "RIFF") && HasAt(bytes, 8, "WEBP"); }
bool IsGif(Bytes bytes) { return HasAt(bytes, 0, "GIF87a") || HasAt(bytes, 0, "GIF89a"); }

bool IsTiff(Bytes bytes) {
  using namespace std::string_view_literals;
  constexpr std::array kPrefixes = {"II\x2A\0"sv, "MM\0\x2A"sv, "II\x2B\0"sv, "MM\0\x2B"sv};  // the latter two: BigTIFF
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view p) { return HasAt(bytes, 0, p); });
}

/// "BM" alone would take in much text; the size of the second header has few values.
bool IsBmp(Bytes bytes) {
  constexpr std::size_t kHeaderSize = 14;
  if (!HasAt(bytes, 0, "BM") || bytes.size() <= kHeaderSize) return false;
  constexpr std::array<std::uint8_t, 7> kSizes = {12, 40, 52, 56, 64, 108, 124};
  return std::find(kSizes.begin(), kSizes.end(), bytes[kHeaderSize]) != kSizes.end() &&
         HasAt(bytes, kHeaderSize + 1, std::string_view("\0\0\0", 3));
}

struct Format {
  std::string_view name;
  bool (*detect)(Bytes bytes);
  Result<int> (*decode)(Bytes bytes, const DecodeOptions& options, const Deadline& deadline, Image* image);
};

constexpr std::array kFormats = {
    Format{"jpeg", IsJpeg, DecodeJpeg}, Format{"png", IsPng, DecodePng}, Format{"webp", IsWebp, DecodeWebp},
    Format{"tiff", IsTiff, DecodeTiff}, Format{"bmp", IsBmp, DecodeBmp}, Format{"gif", IsGif, DecodeGif},
};

const Format* FindFormat(Bytes bytes) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& format) { return format.detect(bytes); });
  return found == kFormats.end() ? nullptr : found;
}

/// The format whose first bytes these are, cut off before they tell it apart; "" for none.
std::string_view FormatCutOff(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text == "\xFF\xD8") return "JPEG";
  if (text.size() > 1 && std::string_view("\x89PNG\r\n\x1A\n").starts_with(text)) return "PNG";
  return "";
}

}  // namespace

std::string_view DetectImageFormat(std::span<const std::uint8_t> bytes) {
  const Format* format = FindFormat(bytes);
  return format == nullptr ? std::string_view() : format->name;
}

Status DecodeImage(std::span<const std::uint8_t> bytes, const DecodeOptions& options, Image* image) {
  if (bytes.empty()) {
    return ImageFailure(FailureCode::kEmpty,
                        "the file has no bytes: copy it again from where it came, or leave it out");
  }
  const Format* format = FindFormat(bytes);
  if (format == nullptr) {
    if (const std::string_view cut = FormatCutOff(bytes); !cut.empty()) return TruncatedImage(cut, bytes.size());
    return ImageFailure(FailureCode::kUnknownFormat, DescribeForeignContent(bytes));
  }
  try {
    ARROW_ASSIGN_OR_RAISE(const int orientation, format->decode(bytes, options, Deadline(options.timeout_s), image));
    if (options.apply_exif_orientation) ApplyOrientation(orientation, image);
  } catch (const std::exception&) {  // only allocations throw
    return ImageFailure(FailureCode::kTooLarge,
                        "no memory to decode this image: lower --max-image-pixels or use fewer --threads");
  }
  return Status::OK();
}

}  // namespace pomona
