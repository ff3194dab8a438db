// PNG by libspng: the only file that includes its header.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <spng.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/orientation.h"

namespace pomona {
namespace {

/// What a chunk may grow to when inflated, beyond the size of the file; a colour profile or XMP packet is far smaller.
constexpr std::size_t kMaxChunkBytes = 16 << 20;

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

Status Failure(int error, std::size_t size_bytes) {
  switch (error) {
    case SPNG_EOF:
    case SPNG_IO_EOF:
    case SPNG_EIDAT_TOO_SHORT:
      return TruncatedImage("PNG", size_bytes);
    case SPNG_EOVERFLOW:
      return ImageFailure(FailureCode::kTooLarge,
                          "the PNG header says a size that no memory holds: leave out this image");
    case SPNG_EMEM:
      return ImageFailure(FailureCode::kTooLarge,
                          "no memory to decode this PNG: lower --max-image-pixels or use fewer --threads");
    default:
      return CorruptImage("PNG", spng_strerror(error));
  }
}

/// The deflate stream of PNG grows by at most 1,032 when inflated, so a short file cannot hold a large image.
bool HoldsAllSamples(const spng_ihdr& header, std::size_t size_bytes) {
  constexpr std::uint64_t kMaxRatio = 1032;
  constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};
  const std::uint64_t bits = static_cast<std::uint64_t>(kChannels[header.color_type % 7]) * header.bit_depth;
  return bits * header.width / 8 * header.height / kMaxRatio <= size_bytes;
}

/// EXIF as ImageMagick writes it into a text chunk: a newline, a name, a size, then hexadecimal lines.
std::vector<std::uint8_t> ParseRawProfile(std::string_view text) {
  for (int line = 0; line < 3; ++line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

int Orientation(spng_ctx* context) {
  std::vector<std::uint8_t> exif;
  std::string_view xmp;
  std::uint32_t count = 0;
  std::vector<spng_text> texts;
  if (spng_get_text(context, nullptr, &count) == 0 && count > 0) {
    texts.resize(count);
    if (spng_get_text(context, texts.data(), &count) != 0) texts.clear();
  }
  for (const spng_text& text : texts) {
    const std::string_view keyword(text.keyword, strnlen(text.keyword, sizeof(text.keyword)));
    const std::string_view value(text.text, text.length);
    if (keyword == "XML:com.adobe.xmp") xmp = value;
    if (keyword == "Raw profile type exif" && !value.empty()) exif = ParseRawProfile(value);
  }
  spng_exif chunk{};
  if (spng_get_exif(context, &chunk) == 0) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(chunk.data);
    exif.assign(data, data + chunk.length);
  }
  return ImageOrientation(exif, xmp);
}

}  // namespace

Result<int> DecodePng(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image) {
  const Context context(spng_ctx_new(0), &spng_ctx_free);
  if (context == nullptr) return Failure(SPNG_EMEM, bytes.size());
  const auto check = [&](int error) { return error == 0 ? Status::OK() : Failure(error, bytes.size()); };
  const std::size_t max_chunk = std::min(std::max(bytes.size(), kMaxChunkBytes), std::size_t{INT32_MAX});
  ARROW_RETURN_NOT_OK(check(spng_set_chunk_limits(context.get(), max_chunk, 4 * max_chunk)));
  ARROW_RETURN_NOT_OK(check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size())));

  spng_ihdr header{};
  ARROW_RETURN_NOT_OK(check(spng_get_ihdr(context.get(), &header)));
  ARROW_RETURN_NOT_OK(CheckImageSize("PNG", header.width, header.height, options));
  if (!HoldsAllSamples(header, bytes.size())) return TruncatedImage("PNG", bytes.size());
  ARROW_RETURN_NOT_OK(AllocateImage("PNG", header.width, header.height, options, image));

  // Expands palettes and greys, keeps the high byte of 16 bits and drops alpha.
  ARROW_RETURN_NOT_OK(check(spng_decode_image(context.get(), nullptr, 0, SPNG_FMT_RGB8, SPNG_DECODE_PROGRESSIVE)));
  const std::size_t stride = static_cast<std::size_t>(header.width) * 3;
  for (int error = 0; error == 0;) {
    if (deadline.passed()) return SlowImage("PNG", deadline);
    spng_row_info row{};  // of an interlaced image each row comes several times
    ARROW_RETURN_NOT_OK(check(spng_get_row_info(context.get(), &row)));
    error = spng_decode_row(context.get(), image->pixels.data() + row.row_num * stride, stride);
    if (error != SPNG_EOI) ARROW_RETURN_NOT_OK(check(error));
  }
  ARROW_RETURN_NOT_OK(check(spng_decode_chunks(context.get())));  // to the end chunk; EXIF may follow the pixels
  return options.apply_exif_orientation ? Orientation(context.get()) : 1;
}

}  // namespace pomona
