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

/// libtiff's file: bytes in memory. Keeps the first error, whether it came from reading past the end, and the first
/// warning that pixels were made up.
struct Source {
  std::span<const std::uint8_t> bytes;
  std::uint64_t position = 0;
  bool ended = false;
  const Deadline* deadline = nullptr;
  bool too_slow = false;
  std::string error;
  std::string made_up;
};

tmsize_t Read(thandle_t handle, void* target, tmsize_t wanted) {
  auto* source = static_cast<Source*>(handle);
  if (source->deadline->passed()) {
    source->too_slow = true;
    return 0;
  }
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

void KeepFirst(std::string* message, const char* format, va_list arguments) {
  if (!message->empty()) return;
  std::array<char, 200> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  *message = text.data();
}

int OnError(TIFF*, void* user_data, const char*, const char* format, va_list arguments) {
  KeepFirst(&static_cast<Source*>(user_data)->error, format, arguments);
  return 1;
}

/// Most warnings are about tags. After those that the codecs of CCITT and of the older JPEG give of the data, they go
/// on with rows that they make up.
int OnWarning(TIFF*, void* user_data, const char* module, const char* format, va_list arguments) {
  const std::string_view name = module == nullptr ? "" : module;
  if (name.starts_with("Fax") || name == "LibJpeg" || name == "JPEGLib" || name == "JPEGPreDecode") {
    KeepFirst(&static_cast<Source*>(user_data)->made_up, format, arguments);
  }
  return 1;
}

/// Whether a message of libtiff means that the data of a strip or tile end before its rows do.
bool SaysDataEnd(std::string_view message) {
  if (message.empty() || message == "ZLib error: ") return true;  // CCITT: no message; zlib: has no word for it
  constexpr std::array<std::string_view, 9> kEndings = {
      "Not enough data",                // most codecs
      "not terminated with EOI code",   // LZW
      "no progress is possible",        // LZMA
      "Unable to decode WebP data",     // WebP
      "Premature EOF",                  // CCITT
      "(got 0,",                        // CCITT: a row without a pixel
      "remature end of",                // older JPEG, by libjpeg
      "indicates unexpected height",    // older JPEG: fewer rows than the page
      "Improper JPEG strip/tile size",  // JPEG in planes of YCbCr
  };
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return message.find(ending) != std::string_view::npos; });
}

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

/// How the page is cut: strips as wide as the image, or tiles.
struct Cut {
  bool tiled = false;
  std::uint32_t width = 0;
  std::uint32_t height = 0;   ///< of the last strip it may be more than is left of the image
  std::size_t row_bytes = 0;  ///< of one plane
  std::size_t row_bits = 0;   ///< of `row_bytes`, those that hold samples

  std::size_t plane_bytes() const { return row_bytes * height; }
};

/// One plane of a strip or tile.
struct Part {
  std::uint32_t index = 0;  ///< libtiff's number
  std::size_t rows = 0;     ///< that lie in the image
  std::size_t columns = 0;
  bool is_last_strip = false;
};

/// Whether libtiff's codec returns an error (the older JPEG: a warning) when its data end before the rows do. CCITT
/// group 4, JBIG and WebP are known not to; of others that are not on this list nothing is known.
bool TellsMissingRows(std::uint16_t compression) {
  constexpr std::array<std::uint16_t, 8> kCodecs = {COMPRESSION_NONE,          COMPRESSION_LZW,  COMPRESSION_DEFLATE,
                                                    COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZMA, COMPRESSION_PACKBITS,
                                                    COMPRESSION_ZSTD,          COMPRESSION_OJPEG};
  return std::find(kCodecs.begin(), kCodecs.end(), compression) != kCodecs.end();
}

bool SameBits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

std::uint8_t Unmultiply(std::uint8_t colour, std::uint8_t alpha) {
  return alpha == 0 ? 0 : static_cast<std::uint8_t>(std::min(255 * colour / alpha, 255));
}

class TiffDecoder {
 public:
  TiffDecoder(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline)
      : options_(options), deadline_(deadline) {
    source_.bytes = bytes;
    source_.deadline = &deadline;
  }

  Status Open();
  Status Decode(Image* image);
  int Orientation();

 private:
  Status Failure() const { return Failure(source_.error); }
  Status Failure(const std::string& message) const;
  Status ReadTags();
  Status CheckLayout() const;
  void ReadPalette();
  Result<Cut> ReadCut() const;
  Status DecodeParts(Image* image);
  Status ReadPart(const Cut& cut, const Part& part, std::span<std::uint8_t> target);
  Status ReadPartByLibrary(const Cut& cut, const Part& part, std::uint8_t fill, std::span<std::uint8_t> target);
  Status ReadJpegPart(const Cut& cut, const Part& part, std::span<std::uint8_t> target);
  Status DecodeByLibrary(Image* image);
  void UnpackRow(const std::uint8_t* row, std::size_t count, std::size_t plane);
  void ConvertRow(std::size_t pixels, std::uint8_t* target) const;

  const DecodeOptions& options_;
  const Deadline& deadline_;
  Source source_;
  std::unique_ptr<TIFF, Close> tiff_;
  Layout layout_;
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};
  bool is_ycbcr_jpeg_ = false;         ///< such samples become RGB when they are read
  std::vector<std::uint8_t> samples_;  ///< one row, 8 bits a sample, pixel by pixel
  std::vector<std::uint8_t> second_;   ///< a part read once more
};

Status TiffDecoder::Failure(const std::string& message) const {
  if (source_.too_slow) return SlowImage("TIFF", deadline_);
  if (source_.ended || SaysDataEnd(message)) return TruncatedImage("TIFF", source_.bytes.size());
  return CorruptImage("TIFF", message);
}

Status TiffDecoder::Open() {
  const std::unique_ptr<TIFFOpenOptions, Close> open_options(TIFFOpenOptionsAlloc());
  if (open_options == nullptr) return ImageFailure(FailureCode::kTooLarge, "no memory to open this TIFF");
  TIFFOpenOptionsSetErrorHandlerExtR(open_options.get(), OnError, &source_);
  TIFFOpenOptionsSetWarningHandlerExtR(open_options.get(), OnWarning, &source_);
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
    is_ycbcr_jpeg_ = true;
    layout_.photometric = PHOTOMETRIC_RGB;
  }
  // zlib, which fills a buffer to its end: libdeflate stops before a run or block that does not fit, and libtiff calls
  // the bytes that are left good.
  if (layout_.compression == COMPRESSION_DEFLATE || layout_.compression == COMPRESSION_ADOBE_DEFLATE) {
    TIFFSetField(tiff, TIFFTAG_DEFLATE_SUBCODEC, DEFLATE_SUBCODEC_ZLIB);
  }
  return Status::OK();
}

Status TiffDecoder::CheckLayout() const {
  const auto unsupported = [](const std::string& what, int value) {
    return UnsupportedImage("TIFF", what + " " + std::to_string(value));
  };
  // libtiff paints the rows that NeXT's data lack white and says nothing.
  if (TIFFIsCODECConfigured(layout_.compression) == 0 || layout_.compression == COMPRESSION_NEXT) {
    return unsupported("with compression", layout_.compression);
  }
  constexpr std::uint16_t kMaxSamples = 8;
  if (layout_.samples < 1 || layout_.samples > kMaxSamples) {
    return unsupported("with samples per pixel of", layout_.samples);
  }
  constexpr std::array kBits = {1, 2, 4, 8, 16};
  if (std::find(kBits.begin(), kBits.end(), layout_.bits) == kBits.end()) {
    return unsupported("with bits per sample of", layout_.bits);
  }
  if (layout_.compression == COMPRESSION_JPEG && layout_.bits != 8) {
    return unsupported("in JPEG with bits per sample of", layout_.bits);
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

Result<Cut> TiffDecoder::ReadCut() const {
  TIFF* tiff = tiff_.get();
  Cut cut{.tiled = TIFFIsTiled(tiff) != 0, .width = layout_.width, .height = layout_.height};
  if (cut.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &cut.width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &cut.height);
    ARROW_RETURN_NOT_OK(CheckImageSize("TIFF tile", cut.width, cut.height, options_));
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &cut.height);
    cut.height = std::min(cut.height, layout_.height);
  }
  cut.row_bits = layout_.samples_in_plane() * cut.width * layout_.bits;
  cut.row_bytes = (cut.row_bits + 7) / 8;
  if (layout_.compression != COMPRESSION_JPEG) {
    const tmsize_t row_bytes = cut.tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
    if (row_bytes < static_cast<tmsize_t>(cut.row_bytes)) cut.height = 0;
    cut.row_bytes = static_cast<std::size_t>(row_bytes);
  }
  if (cut.height == 0) return CorruptImage("TIFF", "its strips or tiles do not fit its size");
  return cut;
}

/// JPEG is decoded here, not by libtiff, which takes damaged data and missing rows for good.
Status TiffDecoder::ReadJpegPart(const Cut& cut, const Part& part, std::span<std::uint8_t> target) {
  std::fill(target.begin(), target.end(), std::uint8_t{0});
  const std::uint64_t offset = TIFFGetStrileOffset(tiff_.get(), part.index);
  const std::uint64_t size = TIFFGetStrileByteCount(tiff_.get(), part.index);
  const std::size_t in_file = source_.bytes.size();
  if (offset > in_file || size > in_file - offset) return TruncatedImage("TIFF", in_file);
  JpegSegment segment{.bytes = source_.bytes.subspan(offset, size),
                      .samples = layout_.samples_in_plane(),
                      .is_ycbcr = is_ycbcr_jpeg_,
                      .min_width = part.columns,
                      .min_height = part.rows,
                      .max_width = cut.width,
                      .max_height = cut.height};
  if (part.is_last_strip) {  // that of some files has as many rows as the others
    const auto limit = static_cast<std::size_t>(options_.max_pixels) / cut.width;
    segment.max_height = std::max(segment.max_height, limit);
  }
  std::uint32_t tables_size = 0;
  const std::uint8_t* tables = nullptr;
  if (TIFFGetField(tiff_.get(), TIFFTAG_JPEGTABLES, &tables_size, &tables) != 0 && tables != nullptr) {
    segment.tables = {tables, tables_size};
  }
  return DecodeJpegSegment(segment, deadline_, target.size() / cut.row_bytes, target.data());
}

Status TiffDecoder::ReadPartByLibrary(const Cut& cut, const Part& part, std::uint8_t fill,
                                      std::span<std::uint8_t> target) {
  TIFF* tiff = tiff_.get();
  std::fill(target.begin(), target.end(), fill);
  const auto wanted = static_cast<tmsize_t>(target.size());
  if (layout_.compression == COMPRESSION_NONE && TIFFGetStrileByteCount(tiff, part.index) < target.size()) {
    return TruncatedImage("TIFF", source_.bytes.size());  // libtiff would read on in what follows
  }
  const tmsize_t got = cut.tiled ? TIFFReadEncodedTile(tiff, part.index, target.data(), wanted)
                                 : TIFFReadEncodedStrip(tiff, part.index, target.data(), wanted);
  return got == wanted && source_.error.empty() ? Status::OK() : Failure();
}

/// Fills `target` with decompressed rows of `cut.row_bytes`, or fails: no sample in it was there before.
Status TiffDecoder::ReadPart(const Cut& cut, const Part& part, std::span<std::uint8_t> target) {
  if (layout_.compression == COMPRESSION_JPEG) return ReadJpegPart(cut, part, target);
  ARROW_RETURN_NOT_OK(ReadPartByLibrary(cut, part, 0x00, target));
  if (!TellsMissingRows(layout_.compression)) {
    // Once more over ones instead of zeros: where the two differ the codec has written nothing.
    second_.resize(target.size());
    ARROW_RETURN_NOT_OK(ReadPartByLibrary(cut, part, 0xFF, second_));
    for (std::size_t at = 0; at < target.size(); at += cut.row_bytes) {
      if (!SameBits(&target[at], &second_[at], cut.row_bits)) return TruncatedImage("TIFF", source_.bytes.size());
    }
  }
  return source_.made_up.empty() ? Status::OK() : Failure(source_.made_up);
}

/// Reads strips or tiles row by row into the image.
Status TiffDecoder::DecodeParts(Image* image) {
  TIFF* tiff = tiff_.get();
  ARROW_ASSIGN_OR_RAISE(const Cut cut, ReadCut());
  const std::size_t planes = layout_.planes();
  std::vector<std::uint8_t> buffer(cut.plane_bytes() * planes);
  samples_.resize(static_cast<std::size_t>(cut.width) * layout_.samples);

  for (std::uint32_t y = 0; y < layout_.height; y += cut.height) {
    for (std::uint32_t x = 0; x < layout_.width; x += cut.width) {
      if (deadline_.passed()) return SlowImage("TIFF", deadline_);
      Part part{.rows = std::min(cut.height, layout_.height - y),
                .columns = std::min(cut.width, layout_.width - x),
                .is_last_strip = !cut.tiled && layout_.height - y <= cut.height};
      const std::size_t size = cut.tiled ? cut.plane_bytes() : part.rows * cut.row_bytes;
      for (std::size_t plane = 0; plane < planes; ++plane) {
        const auto sample = static_cast<std::uint16_t>(plane);
        part.index = cut.tiled ? TIFFComputeTile(tiff, x, y, 0, sample) : TIFFComputeStrip(tiff, y, sample);
        ARROW_RETURN_NOT_OK(ReadPart(cut, part, {buffer.data() + plane * cut.plane_bytes(), size}));
      }
      for (std::size_t row = 0; row < part.rows; ++row) {
        for (std::size_t plane = 0; plane < planes; ++plane) {
          UnpackRow(buffer.data() + plane * cut.plane_bytes() + row * cut.row_bytes,
                    part.columns * layout_.samples_in_plane(), plane);
        }
        ConvertRow(part.columns, image->pixels.data() + ((y + row) * layout_.width + x) * 3);
      }
    }
  }
  return Status::OK();
}

/// YCbCr that is subsampled or in the older JPEG form: libtiff turns it to RGB itself.
Status TiffDecoder::DecodeByLibrary(Image* image) {
  TIFF* tiff = tiff_.get();
  std::array<char, 1024> reason{};
  if (TIFFRGBAImageOK(tiff, reason.data()) == 0) {
    return UnsupportedImage("TIFF", "of this kind (" + std::string(reason.data()) + ")");
  }
  if (layout_.compression != COMPRESSION_JPEG && !TellsMissingRows(layout_.compression)) {
    return UnsupportedImage("TIFF", "in YCbCr with compression " + std::to_string(layout_.compression));
  }
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // as stored; the tag was read before
  const std::size_t pixels = static_cast<std::size_t>(layout_.width) * layout_.height;
  std::vector<std::uint32_t> raster(pixels);
  constexpr int kStopOnError = 1;
  if (TIFFReadRGBAImageOriented(tiff, layout_.width, layout_.height, raster.data(), ORIENTATION_TOPLEFT,
                                kStopOnError) == 0) {
    return Failure();
  }
  if (!source_.error.empty()) return Failure();
  if (!source_.made_up.empty()) return Failure(source_.made_up);
  for (std::size_t i = 0; i < pixels; ++i) {
    image->pixels[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    image->pixels[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    image->pixels[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return Status::OK();
}

Status TiffDecoder::Decode(Image* image) {
  ARROW_RETURN_NOT_OK(AllocateImage("TIFF", layout_.width, layout_.height, options_, image));
  source_.error.clear();  // of tags that the page does without
  if (layout_.photometric == PHOTOMETRIC_YCBCR) return DecodeByLibrary(image);
  if (layout_.photometric == PHOTOMETRIC_PALETTE) ReadPalette();
  return DecodeParts(image);
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

Result<int> DecodeTiff(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                       Image* image) {
  TiffDecoder decoder(bytes, options, deadline);
  ARROW_RETURN_NOT_OK(decoder.Open());
  const int orientation = decoder.Orientation();
  ARROW_RETURN_NOT_OK(decoder.Decode(image));
  return orientation;
}

}  // namespace pomona
