// TIFF (first page) by libtiff: the only file that includes its header.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <tiffio.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/orientation.h"

namespace pomona {
namespace {

/// libtiff's file: bytes in memory. Keeps the first error and whether it came from reading past the end.
struct Source {
  std::span<const std::uint8_t> bytes;
  std::uint64_t position = 0;
  bool ended = false;
  std::string error;
};

tmsize_t Read(thandle_t handle, void* target, tmsize_t wanted) {
  auto* source = static_cast<Source*>(handle);
  const std::uint64_t left = source->bytes.size() - std::min<std::uint64_t>(source->position, source->bytes.size());
  const std::uint64_t count = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(std::max<tmsize_t>(wanted, 0)));
  source->ended = source->ended || count < static_cast<std::uint64_t>(wanted);
  if (count > 0) std::memcpy(target, source->bytes.data() + source->position, count);
  source->position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }

toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<Source*>(handle);
  const std::uint64_t base = whence == SEEK_CUR ? source->position : whence == SEEK_END ? source->bytes.size() : 0;
  source->position = base + offset;
  return source->position;
}

int CloseNothing(thandle_t) { return 0; }

toff_t Size(thandle_t handle) { return static_cast<Source*>(handle)->bytes.size(); }

int OnError(TIFF*, void* user_data, const char*, const char* format, va_list arguments) {
  auto* source = static_cast<Source*>(user_data);
  if (!source->error.empty()) return 1;
  std::array<char, 200> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  source->error = text.data();
  return 1;
}

int OnWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

/// How the samples of the page lie, out of its tags.
struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;     ///< a sample
  std::uint16_t samples = 1;  ///< a pixel
  std::uint16_t sample_format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = PHOTOMETRIC_MINISWHITE;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t compression = COMPRESSION_NONE;
  bool premultiplied = false;  ///< the sample after the colours is alpha, and they are multiplied by it

  std::size_t planes() const { return planar == PLANARCONFIG_SEPARATE ? samples : 1; }
  std::size_t samples_in_plane() const { return planar == PLANARCONFIG_SEPARATE ? 1 : samples; }
  std::size_t colours() const {
    return photometric == PHOTOMETRIC_RGB ? 3 : photometric == PHOTOMETRIC_SEPARATED ? 4 : 1;
  }
};

std::uint8_t Unmultiply(std::uint8_t colour, std::uint8_t alpha) {
  return alpha == 0 ? 0 : static_cast<std::uint8_t>(std::min(255 * colour / alpha, 255));
}

class TiffDecoder {
 public:
  TiffDecoder(std::span<const std::uint8_t> bytes, const DecodeOptions& options) : options_(options) {
    source_.bytes = bytes;
  }

  Status Open();
  Status Decode(Image* image);
  int Orientation();

 private:
  Status Failure() const;
  Status ReadTags();
  Status CheckLayout() const;
  void ReadPalette();
  Status DecodeChunks(Image* image);
  Status DecodeByLibrary(Image* image);
  void UnpackRow(const std::uint8_t* row, std::size_t count, std::size_t plane);
  void ConvertRow(std::size_t pixels, std::uint8_t* target) const;

  const DecodeOptions& options_;
  Source source_;
  std::unique_ptr<TIFF, Close> tiff_;
  Layout layout_;
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};
  std::vector<std::uint8_t> samples_;  ///< one row, 8 bits a sample, pixel by pixel
};

Status TiffDecoder::Failure() const {
  if (source_.ended) return TruncatedImage("TIFF", source_.bytes.size());
  return CorruptImage("TIFF", source_.error.empty() ? "libtiff gives no reason" : source_.error);
}

Status TiffDecoder::Open() {
  const std::unique_ptr<TIFFOpenOptions, Close> open_options(TIFFOpenOptionsAlloc());
  if (open_options == nullptr) return ImageFailure(FailureCode::kTooLarge, "no memory to open this TIFF");
  TIFFOpenOptionsSetErrorHandlerExtR(open_options.get(), OnError, &source_);
  TIFFOpenOptionsSetWarningHandlerExtR(open_options.get(), OnWarning, nullptr);
  constexpr std::int64_t kMaxBytesAPixel = 16;
  constexpr std::int64_t kMinAllocation = 64 << 20;
  const std::int64_t pixels = std::clamp<std::int64_t>(options_.max_pixels, 0, std::int64_t{1} << 40);
  TIFFOpenOptionsSetMaxSingleMemAlloc(open_options.get(), std::max(pixels * kMaxBytesAPixel, kMinAllocation));
  // "m": no memory map, so that every read passes through Read and an early end is seen.
  tiff_.reset(TIFFClientOpenExt("image", "rm", &source_, Read, Write, Seek, CloseNothing, Size, nullptr, nullptr,
                                open_options.get()));
  if (tiff_ == nullptr) return Failure();
  ARROW_RETURN_NOT_OK(ReadTags());
  ARROW_RETURN_NOT_OK(CheckImageSize("TIFF", layout_.width, layout_.height, options_));
  return CheckLayout();
}

Status TiffDecoder::ReadTags() {
  TIFF* tiff = tiff_.get();
  if (TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout_.width) == 0 ||
      TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout_.height) == 0) {
    return CorruptImage("TIFF", "it has no width or height");
  }
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout_.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout_.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout_.sample_format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout_.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout_.compression);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout_.photometric);
  std::uint16_t extra_count = 0;
  std::uint16_t* extras = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
  layout_.premultiplied = extra_count > 0 && extras != nullptr && extras[0] == EXTRASAMPLE_ASSOCALPHA &&
                          layout_.photometric != PHOTOMETRIC_SEPARATED && layout_.photometric != PHOTOMETRIC_PALETTE;
  if (layout_.photometric == PHOTOMETRIC_YCBCR && layout_.compression == COMPRESSION_JPEG &&
      layout_.planar == PLANARCONFIG_CONTIG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    layout_.photometric = PHOTOMETRIC_RGB;
  }
  return Status::OK();
}

Status TiffDecoder::CheckLayout() const {
  const auto unsupported = [](const std::string& what, int value) {
    return UnsupportedImage("TIFF", what + " " + std::to_string(value));
  };
  if (TIFFIsCODECConfigured(layout_.compression) == 0) return unsupported("with compression", layout_.compression);
  constexpr std::uint16_t kMaxSamples = 8;
  if (layout_.samples < 1 || layout_.samples > kMaxSamples) {
    return unsupported("with samples per pixel of", layout_.samples);
  }
  constexpr std::array kBits = {1, 2, 4, 8, 16};
  if (std::find(kBits.begin(), kBits.end(), layout_.bits) == kBits.end()) {
    return unsupported("with bits per sample of", layout_.bits);
  }
  if (layout_.sample_format != SAMPLEFORMAT_UINT && layout_.sample_format != SAMPLEFORMAT_VOID) {
    return unsupported("of signed or floating-point samples, format", layout_.sample_format);
  }
  switch (layout_.photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_YCBCR:
      break;
    case PHOTOMETRIC_PALETTE:
      if (layout_.bits > 8) return unsupported("with a palette and bits per sample of", layout_.bits);
      break;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_SEPARATED:
      if (layout_.bits < 8) return unsupported("in colour with bits per sample of", layout_.bits);
      break;
    default:
      return unsupported("with colour space (photometric interpretation)", layout_.photometric);
  }
  if (layout_.samples < layout_.colours()) {
    return CorruptImage("TIFF", "it has fewer samples a pixel than its colour space needs");
  }
  return Status::OK();
}

void TiffDecoder::ReadPalette() {
  std::array<std::uint16_t*, 3> channels{};
  const bool found = TIFFGetField(tiff_.get(), TIFFTAG_COLORMAP, &channels[0], &channels[1], &channels[2]) != 0;
  if (!found) return;  // black, and every index outside a palette likewise
  for (std::size_t i = 0; i < std::size_t{1} << layout_.bits; ++i) {
    for (std::size_t c = 0; c < 3; ++c) palette_[i][c] = static_cast<std::uint8_t>(channels[c][i] >> 8);
  }
}

/// Spreads `count` samples of one plane's row over `samples_`; 16 bits keep the high byte.
void TiffDecoder::UnpackRow(const std::uint8_t* row, std::size_t count, std::size_t plane) {
  const std::size_t step = layout_.planes();
  const std::size_t bits = layout_.bits;
  std::uint8_t* to = samples_.data() + plane;
  for (std::size_t i = 0; i < count; ++i, to += step) {
    if (bits == 8) {
      *to = row[i];
    } else if (bits == 16) {
      std::uint16_t value = 0;
      std::memcpy(&value, row + 2 * i, 2);
      *to = static_cast<std::uint8_t>(value >> 8);
    } else {
      const std::size_t shift = 8 - bits - i * bits % 8;
      *to = static_cast<std::uint8_t>(row[i * bits / 8] >> shift & ((1 << bits) - 1));
    }
  }
}

void TiffDecoder::ConvertRow(std::size_t pixels, std::uint8_t* target) const {
  const std::size_t step = layout_.samples;
  const int full = layout_.bits >= 8 ? 255 : (1 << layout_.bits) - 1;
  const bool inverted = layout_.photometric == PHOTOMETRIC_MINISWHITE;
  const std::uint8_t* from = samples_.data();
  for (std::size_t x = 0; x < pixels; ++x, from += step, target += 3) {
    switch (layout_.photometric) {
      case PHOTOMETRIC_RGB:
        std::memcpy(target, from, 3);
        break;
      case PHOTOMETRIC_PALETTE:
        std::memcpy(target, palette_[from[0]].data(), 3);
        break;
      case PHOTOMETRIC_SEPARATED:
        for (std::size_t c = 0; c < 3; ++c) target[c] = InkToLight(from[c], 255 - from[3]);
        break;
      default:
        std::memset(target, (inverted ? full - from[0] : from[0]) * 255 / full, 3);
        break;
    }
    if (layout_.premultiplied && step > layout_.colours()) {
      for (std::size_t c = 0; c < 3; ++c) target[c] = Unmultiply(target[c], from[layout_.colours()]);
    }
  }
}

/// Reads strips or tiles, which libtiff decompresses, row by row into the image.
Status TiffDecoder::DecodeChunks(Image* image) {
  TIFF* tiff = tiff_.get();
  const bool tiled = TIFFIsTiled(tiff) != 0;
  std::uint32_t chunk_width = layout_.width;
  std::uint32_t chunk_height = layout_.height;
  if (tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &chunk_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &chunk_height);
    ARROW_RETURN_NOT_OK(CheckImageSize("TIFF tile", chunk_width, chunk_height, options_));
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &chunk_height);
    chunk_height = std::min(chunk_height, layout_.height);
  }
  const tmsize_t row_bytes = tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  const std::size_t wanted_bits = layout_.samples_in_plane() * chunk_width * layout_.bits;
  if (chunk_height == 0 || row_bytes <= 0 || static_cast<std::size_t>(row_bytes) < (wanted_bits + 7) / 8) {
    return CorruptImage("TIFF", "its strips or tiles do not fit its size");
  }
  const std::size_t plane_bytes = static_cast<std::size_t>(row_bytes) * chunk_height;
  const auto chunk = std::make_unique_for_overwrite<std::uint8_t[]>(plane_bytes * layout_.planes());
  samples_.resize(static_cast<std::size_t>(chunk_width) * layout_.samples);

  for (std::uint32_t y = 0; y < layout_.height; y += chunk_height) {
    for (std::uint32_t x = 0; x < layout_.width; x += chunk_width) {
      const std::size_t rows = std::min(chunk_height, layout_.height - y);
      const std::size_t columns = std::min(chunk_width, layout_.width - x);
      for (std::size_t plane = 0; plane < layout_.planes(); ++plane) {
        const auto sample = static_cast<std::uint16_t>(plane);
        const auto wanted = static_cast<tmsize_t>(tiled ? plane_bytes : rows * static_cast<std::size_t>(row_bytes));
        void* target = chunk.get() + plane * plane_bytes;
        const tmsize_t got = tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, sample), target, wanted)
                                   : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, sample), target, wanted);
        if (got != wanted) return Failure();
      }
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t plane = 0; plane < layout_.planes(); ++plane) {
          UnpackRow(chunk.get() + plane * plane_bytes + row * static_cast<std::size_t>(row_bytes),
                    columns * layout_.samples_in_plane(), plane);
        }
        ConvertRow(columns, image->pixels.data() + ((y + row) * layout_.width + x) * 3);
      }
    }
  }
  return Status::OK();
}

/// YCbCr that is subsampled or in the older JPEG form: libtiff turns it to RGB itself.
Status TiffDecoder::DecodeByLibrary(Image* image) {
  TIFF* tiff = tiff_.get();
  std::array<char, 1024> reason{};
  if (TIFFRGBAImageOK(tiff, reason.data()) == 0)
    return UnsupportedImage("TIFF", "of this kind (" + std::string(reason.data()) + ")");
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // as stored; the tag was read before
  const std::size_t pixels = static_cast<std::size_t>(layout_.width) * layout_.height;
  std::vector<std::uint32_t> raster(pixels);
  constexpr int kStopOnError = 1;
  if (TIFFReadRGBAImageOriented(tiff, layout_.width, layout_.height, raster.data(), ORIENTATION_TOPLEFT,
                                kStopOnError) == 0) {
    return Failure();
  }
  if (!source_.error.empty()) return Failure();
  for (std::size_t i = 0; i < pixels; ++i) {
    image->pixels[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    image->pixels[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    image->pixels[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return Status::OK();
}

Status TiffDecoder::Decode(Image* image) {
  ARROW_RETURN_NOT_OK(AllocateImage("TIFF", layout_.width, layout_.height, options_, image));
  if (layout_.photometric == PHOTOMETRIC_YCBCR) return DecodeByLibrary(image);
  if (layout_.photometric == PHOTOMETRIC_PALETTE) ReadPalette();
  return DecodeChunks(image);
}

int TiffDecoder::Orientation() {
  std::uint16_t tag = 0;
  if (TIFFGetField(tiff_.get(), TIFFTAG_ORIENTATION, &tag) != 0) return tag >= 1 && tag <= 8 ? tag : 1;
  std::uint32_t size = 0;
  const char* xmp = nullptr;
  if (TIFFGetField(tiff_.get(), TIFFTAG_XMLPACKET, &size, &xmp) == 0 || xmp == nullptr) return 1;
  return ImageOrientation({}, {xmp, size});
}

}  // namespace

Result<int> DecodeTiff(std::span<const std::uint8_t> bytes, const DecodeOptions& options, Image* image) {
  TiffDecoder decoder(bytes, options);
  ARROW_RETURN_NOT_OK(decoder.Open());
  const int orientation = decoder.Orientation();
  ARROW_RETURN_NOT_OK(decoder.Decode(image));
  return orientation;
}

}  // namespace pomona
