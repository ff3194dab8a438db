// GIF (first frame) by giflib: the only file that includes its header.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gif_lib.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"

namespace pomona {
namespace {

/// What is left of the file, handed to giflib piece by piece.
struct Source {
  std::span<const std::uint8_t> rest;
  bool ended = false;  ///< giflib asked for more than there was
};

int Read(GifFileType* gif, GifByteType* target, int wanted) {  // NOLINT(misc-const-correctness): giflib's type
  auto* source = static_cast<Source*>(gif->UserData);
  const std::size_t count = std::min(static_cast<std::size_t>(std::max(wanted, 0)), source->rest.size());
  source->ended = source->ended || count < static_cast<std::size_t>(wanted);
  if (count > 0) std::memcpy(target, source->rest.data(), count);
  source->rest = source->rest.subspan(count);
  return static_cast<int>(count);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, Close>;

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

/// Colours past the end of a palette are black; without a palette an index is a grey.
Palette MakePalette(const ColorMapObject* colours) {
  Palette palette{};
  for (std::size_t i = 0; i < palette.size(); ++i) {
    if (colours == nullptr) {
      palette[i].fill(static_cast<std::uint8_t>(i));
    } else if (i < static_cast<std::size_t>(std::max(colours->ColorCount, 0))) {
      palette[i] = {colours->Colors[i].Red, colours->Colors[i].Green, colours->Colors[i].Blue};
    }
  }
  return palette;
}

class GifDecoder {
 public:
  GifDecoder(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline)
      : size_bytes_(bytes.size()), options_(options), deadline_(deadline), source_{bytes, false} {}

  Status Decode(Image* image);

 private:
  Status Failure(int error) const;
  Status FindFrame();
  Status ReadExtension();
  Status ReadFrame(Image* image);

  std::size_t size_bytes_;
  const DecodeOptions& options_;
  const Deadline& deadline_;
  Source source_;
  Gif gif_;
  int transparent_ = -1;  ///< index of the colour that stands for nothing, or -1
};

Status GifDecoder::Failure(int error) const {
  if (source_.ended || error == D_GIF_ERR_EOF_TOO_SOON) return TruncatedImage("GIF", size_bytes_);
  const char* text = GifErrorString(error);
  return CorruptImage("GIF", text == nullptr ? "unknown error" : text);
}

Status GifDecoder::ReadExtension() {
  int code = 0;
  GifByteType* block = nullptr;
  if (DGifGetExtension(gif_.get(), &code, &block) == GIF_ERROR) return Failure(gif_->Error);
  while (block != nullptr) {
    constexpr std::uint8_t kHasTransparentColour = 1;
    if (code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4 && (block[1] & kHasTransparentColour) != 0) {
      transparent_ = block[4];
    }
    if (DGifGetExtensionNext(gif_.get(), &block) == GIF_ERROR) return Failure(gif_->Error);
  }
  return Status::OK();
}

/// Reads up to the description of the first frame.
Status GifDecoder::FindFrame() {
  for (;;) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif_.get(), &type) == GIF_ERROR) return Failure(gif_->Error);
    if (type == TERMINATE_RECORD_TYPE) return CorruptImage("GIF", "it has no frame");
    if (type == IMAGE_DESC_RECORD_TYPE) break;
    if (type == EXTENSION_RECORD_TYPE) ARROW_RETURN_NOT_OK(ReadExtension());
  }
  if (DGifGetImageDesc(gif_.get()) == GIF_ERROR) return Failure(gif_->Error);
  const GifImageDesc& frame = gif_->Image;
  if (frame.Left < 0 || frame.Top < 0 || frame.Width < 1 || frame.Height < 1) {
    return CorruptImage("GIF", "its first frame has no pixels");
  }
  return Status::OK();
}

Status GifDecoder::ReadFrame(Image* image) {
  const GifImageDesc& frame = gif_->Image;
  const Palette palette = MakePalette(frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap);
  const auto width = static_cast<std::size_t>(frame.Width);
  const std::size_t stride = static_cast<std::size_t>(image->width) * 3;

  const bool covers = frame.Width == image->width && frame.Height == image->height;
  if (!covers) {  // around the frame: the transparent colour, else the first
    const auto& fill = palette[static_cast<std::size_t>(std::max(transparent_, 0))];
    for (std::size_t i = 0; i < image->pixels.size(); i += 3) std::copy(fill.begin(), fill.end(), &image->pixels[i]);
  }

  struct Pass {
    int first, step;
  };
  constexpr std::array<Pass, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  constexpr std::array<Pass, 1> kInOrder = {{{0, 1}}};
  const std::span<const Pass> passes = frame.Interlace ? std::span<const Pass>(kInterlaced) : kInOrder;
  std::vector<GifPixelType> indices(width);
  for (const Pass& pass : passes) {
    for (int y = pass.first; y < frame.Height; y += pass.step) {
      if (deadline_.passed()) return SlowImage("GIF", deadline_);
      if (DGifGetLine(gif_.get(), indices.data(), frame.Width) == GIF_ERROR) return Failure(gif_->Error);
      std::uint8_t* to = image->pixels.data() + static_cast<std::size_t>(frame.Top + y) * stride + 3UL * frame.Left;
      for (std::size_t x = 0; x < width; ++x) std::memcpy(to + 3 * x, palette[indices[x]].data(), 3);
    }
  }
  return Status::OK();
}

Status GifDecoder::Decode(Image* image) {
  int error = 0;
  gif_.reset(DGifOpen(&source_, Read, &error));
  if (gif_ == nullptr) return Failure(error);
  ARROW_RETURN_NOT_OK(FindFrame());
  // As Pillow does: a frame that reaches beyond the screen makes it larger.
  const GifImageDesc& frame = gif_->Image;
  const std::int64_t width = std::max<std::int64_t>(gif_->SWidth, std::int64_t{frame.Left} + frame.Width);
  const std::int64_t height = std::max<std::int64_t>(gif_->SHeight, std::int64_t{frame.Top} + frame.Height);
  ARROW_RETURN_NOT_OK(AllocateImage("GIF", width, height, options_, image));
  return ReadFrame(image);
}

}  // namespace

Result<int> DecodeGif(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image) {
  ARROW_RETURN_NOT_OK(GifDecoder(bytes, options, deadline).Decode(image));
  return 1;  // GIF has no EXIF
}

}  // namespace pomona
