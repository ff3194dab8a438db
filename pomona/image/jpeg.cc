// JPEG by libjpeg-turbo: the only file that includes its headers.
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// clang-format off
#include <jpeglib.h>
#include <jerror.h>  // its list of codes depends on what jpeglib.h defines
// clang-format on

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/orientation.h"
#include "pomona/image/thumbnail.h"

namespace pomona {
namespace {

/// A progressive image has some ten scans; a file made to keep the decoder busy has thousands, each of which costs a
/// walk over all pixels.
constexpr int kMaxScans = 100;

/// libjpeg's state, and where its error handler jumps back to. Functions that call setjmp hold nothing that needs
/// a destructor.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  const Deadline* deadline;  ///< null while encoding
  bool too_many_scans;
  bool too_slow;
};

ErrorManager* Errors(j_common_ptr info) { return reinterpret_cast<ErrorManager*>(info->err); }

[[noreturn]] void OnError(j_common_ptr info) { std::longjmp(Errors(info)->jump, 1); }

/// libjpeg goes on after damage and makes up the missing pixels; that is refused here. What it only remarks on
/// (bytes between segments, odd markers) is let pass, as Pillow does.
void OnMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
      OnError(info);
    default:
      break;
  }
}

void OnOutput(j_common_ptr) {}

void OnProgress(j_common_ptr info) {
  if (info->is_decompressor == 0) return;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
    Errors(info)->too_many_scans = true;
    OnError(info);
  }
  if (Errors(info)->deadline->passed()) {
    Errors(info)->too_slow = true;
    OnError(info);
  }
}

void InitErrors(ErrorManager* errors) {
  jpeg_std_error(&errors->base);
  errors->base.error_exit = OnError;
  errors->base.emit_message = OnMessage;
  errors->base.output_message = OnOutput;
  errors->deadline = nullptr;
  errors->too_many_scans = false;
  errors->too_slow = false;
}

/// Huffman coding spends at least a bit on each 8x8 block, so a short file cannot hold a large image.
bool HoldsAllBlocks(const jpeg_decompress_struct& info, std::size_t size_bytes) {
  if (info.arith_code != 0) return true;
  const std::size_t blocks = static_cast<std::size_t>(info.image_width / 8) * (info.image_height / 8);
  return blocks / 8 <= size_bytes;
}

class JpegDecoder {
 public:
  explicit JpegDecoder(const Deadline& deadline) : info_(), errors_(), progress_() {
    InitErrors(&errors_);
    errors_.deadline = &deadline;
    info_.err = &errors_.base;
    progress_.progress_monitor = OnProgress;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Status ReadHeader(std::span<const std::uint8_t> bytes, bool keep_app1);
  Status ReadPixels(Image* image);
  Status ReadSegment(const JpegSegment& segment, std::size_t row_count, std::uint8_t* rows);
  int Orientation() const;
  const jpeg_decompress_struct& info() const { return info_; }

 private:
  void SetSource(std::span<const std::uint8_t> bytes);
  bool TryReadHeader(bool keep_app1);
  bool TryReadPixels(std::uint8_t* pixels, std::uint8_t* inks);
  bool TryReadTables();
  bool TryReadRows(std::size_t row_count, std::size_t stride, std::uint8_t* rows, std::uint8_t* surplus_row);
  Status CheckSegment(const JpegSegment& segment) const;
  Status Failure() const;
  Status CheckColourSpace();

  jpeg_decompress_struct info_;
  ErrorManager errors_;
  jpeg_progress_mgr progress_;
  std::span<const std::uint8_t> bytes_;
};

/// May jump to the error handler.
void JpegDecoder::SetSource(std::span<const std::uint8_t> bytes) {
  if (info_.mem == nullptr) {
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
  }
  jpeg_mem_src(&info_, bytes.data(), static_cast<unsigned long>(bytes.size()));  // NOLINT: libjpeg's type
}

bool JpegDecoder::TryReadHeader(bool keep_app1) {
  if (setjmp(errors_.jump) != 0) return false;
  SetSource(bytes_);
  if (keep_app1) jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&info_, TRUE);
  return true;
}

Status JpegDecoder::ReadHeader(std::span<const std::uint8_t> bytes, bool keep_app1) {
  bytes_ = bytes;
  if (!TryReadHeader(keep_app1)) return Failure();
  return CheckColourSpace();
}

Status JpegDecoder::CheckColourSpace() {
  switch (info_.num_components) {
    case 1:
    case 3:
      info_.out_color_space = JCS_RGB;
      return Status::OK();
    case 4:
      info_.out_color_space = JCS_CMYK;
      return Status::OK();
    default:
      return UnsupportedImage("JPEG", "with " + std::to_string(info_.num_components) + " colour components");
  }
}

bool JpegDecoder::TryReadPixels(std::uint8_t* pixels, std::uint8_t* inks) {
  if (setjmp(errors_.jump) != 0) return false;
  jpeg_start_decompress(&info_);
  const std::size_t width = info_.output_width;
  while (info_.output_scanline < info_.output_height) {
    std::uint8_t* row = pixels + static_cast<std::size_t>(info_.output_scanline) * width * 3;
    if (inks != nullptr) {
      jpeg_read_scanlines(&info_, &inks, 1);
      // Adobe stores what an ink leaves of the light, so 255 is no ink; Pillow takes every CMYK JPEG to be Adobe's.
      for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t c = 0; c < 3; ++c) row[3 * x + c] = InkToLight(255 - inks[4 * x + c], inks[4 * x + 3]);
      }
      continue;
    }
    // A call gives one row, or two where chroma is halved vertically.
    std::array<JSAMPROW, 2> rows = {row, row + width * 3};
    const JDIMENSION left = info_.output_height - info_.output_scanline;
    jpeg_read_scanlines(&info_, rows.data(), left < rows.size() ? left : static_cast<JDIMENSION>(rows.size()));
  }
  jpeg_finish_decompress(&info_);  // reads up to the end marker, so that a missing one is found
  return true;
}

Status JpegDecoder::ReadPixels(Image* image) {
  std::vector<std::uint8_t> inks;
  if (info_.out_color_space == JCS_CMYK) inks.resize(static_cast<std::size_t>(info_.image_width) * 4);
  return TryReadPixels(image->pixels.data(), inks.empty() ? nullptr : inks.data()) ? Status::OK() : Failure();
}

/// Tables stay in `info_` for the stream that follows.
bool JpegDecoder::TryReadTables() {
  if (setjmp(errors_.jump) != 0) return false;
  SetSource(bytes_);
  jpeg_read_header(&info_, FALSE);
  jpeg_abort_decompress(&info_);
  return true;
}

bool JpegDecoder::TryReadRows(std::size_t row_count, std::size_t stride, std::uint8_t* rows,
                              std::uint8_t* surplus_row) {
  if (setjmp(errors_.jump) != 0) return false;
  jpeg_start_decompress(&info_);
  while (info_.output_scanline < info_.output_height) {
    JSAMPROW row = info_.output_scanline < row_count ? rows + info_.output_scanline * stride : surplus_row;
    jpeg_read_scanlines(&info_, &row, 1);
  }
  jpeg_finish_decompress(&info_);
  return true;
}

Status JpegDecoder::CheckSegment(const JpegSegment& segment) const {
  const std::size_t width = info_.image_width;
  const std::size_t height = info_.image_height;
  const auto size = [](std::size_t w, std::size_t h) { return std::to_string(w) + " x " + std::to_string(h); };
  if (width < segment.min_width || height < segment.min_height) {
    return ImageFailure(FailureCode::kTruncated,
                        "a JPEG stream in this file holds " + size(width, height) + " pixels, " +
                            size(segment.min_width, segment.min_height) +
                            " are wanted: copy the file again from where it came, or save it again");
  }
  if (width > segment.max_width || height > segment.max_height) {
    return CorruptImage("JPEG", size(width, height) + " pixels where the file around it says at most " +
                                    size(segment.max_width, segment.max_height));
  }
  if (static_cast<std::size_t>(info_.num_components) != segment.samples) {
    return CorruptImage("JPEG", std::to_string(info_.num_components) +
                                    " samples a pixel where the file around it says " +
                                    std::to_string(segment.samples));
  }
  return Status::OK();
}

Status JpegDecoder::ReadSegment(const JpegSegment& segment, std::size_t row_count, std::uint8_t* rows) {
  if (!segment.tables.empty()) {
    bytes_ = segment.tables;
    if (!TryReadTables()) return Failure();
  }
  bytes_ = segment.bytes;
  if (!TryReadHeader(false)) return Failure();
  ARROW_RETURN_NOT_OK(CheckSegment(segment));
  if (!HoldsAllBlocks(info_, bytes_.size())) return TruncatedImage("JPEG", bytes_.size());
  info_.jpeg_color_space = segment.is_ycbcr ? JCS_YCbCr : JCS_UNKNOWN;
  info_.out_color_space = segment.is_ycbcr ? JCS_RGB : JCS_UNKNOWN;
  const std::size_t stride = segment.max_width * segment.samples;
  std::vector<std::uint8_t> surplus_row(stride);
  return TryReadRows(row_count, stride, rows, surplus_row.data()) ? Status::OK() : Failure();
}

/// What the last message of libjpeg means for the image.
Status JpegDecoder::Failure() const {
  if (errors_.too_slow) return SlowImage("JPEG", *errors_.deadline);
  if (errors_.too_many_scans) return CorruptImage("JPEG", "more than " + std::to_string(kMaxScans) + " scans");
  std::array<char, JMSG_LENGTH_MAX> text{};
  errors_.base.format_message(reinterpret_cast<j_common_ptr>(const_cast<jpeg_decompress_struct*>(&info_)), text.data());
  const std::string message = text.data();
  switch (errors_.base.msg_code) {
    case JWRN_HIT_MARKER:
      if (info_.unread_marker != JPEG_EOI) break;
      [[fallthrough]];
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
    case JWRN_JPEG_EOF:
      return TruncatedImage("JPEG", bytes_.size());
    case JERR_OUT_OF_MEMORY:
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
      return ImageFailure(FailureCode::kTooLarge, "the JPEG needs more memory than there is (" + message +
                                                      "): lower --max-image-pixels or use fewer --threads");
#if JPEG_LIB_VERSION < 70  // Ubuntu's says 80: there it has no such code
    case JERR_ARITH_NOTIMPL:
#endif
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return UnsupportedImage("JPEG", "of this kind (" + message + ")");
    default:
      break;
  }
  return CorruptImage("JPEG", message);
}

int JpegDecoder::Orientation() const {
  constexpr std::string_view kExif("Exif\0\0", 6);
  constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  std::span<const std::uint8_t> exif;
  std::string_view xmp;
  for (const jpeg_marker_struct* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (data.starts_with(kExif) && exif.empty()) exif = {marker->data, marker->data_length};
    if (data.starts_with(kXmp)) xmp = data.substr(kXmp.size());
  }
  return ImageOrientation(exif, xmp);
}

class JpegEncoder {
 public:
  JpegEncoder() : info_(), errors_() {
    InitErrors(&errors_);
    info_.err = &errors_.base;
  }
  ~JpegEncoder() {
    jpeg_destroy_compress(&info_);
    std::free(buffer_);  // NOLINT: libjpeg allocates it
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  bool TryEncode(ImageView image, int quality);
  std::string Bytes() const { return {reinterpret_cast<const char*>(buffer_), size_}; }

 private:
  jpeg_compress_struct info_;
  ErrorManager errors_;
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;  // NOLINT: libjpeg's type
};

bool JpegEncoder::TryEncode(ImageView image, int quality) {
  if (setjmp(errors_.jump) != 0) return false;
  jpeg_create_compress(&info_);
  jpeg_mem_dest(&info_, &buffer_, &size_);
  info_.image_width = static_cast<JDIMENSION>(image.width);
  info_.image_height = static_cast<JDIMENSION>(image.height);
  info_.input_components = 3;
  info_.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info_);  // 4:2:0
  jpeg_set_quality(&info_, quality, TRUE);
  jpeg_start_compress(&info_, TRUE);
  while (info_.next_scanline < info_.image_height) {
    const std::size_t offset = static_cast<std::size_t>(info_.next_scanline) * info_.image_width * 3;
    JSAMPROW row = const_cast<JSAMPROW>(image.data + offset);
    jpeg_write_scanlines(&info_, &row, 1);
  }
  jpeg_finish_compress(&info_);
  return true;
}

}  // namespace

Result<int> DecodeJpeg(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                       Image* image) {
  JpegDecoder decoder(deadline);
  ARROW_RETURN_NOT_OK(decoder.ReadHeader(bytes, options.apply_exif_orientation));
  const jpeg_decompress_struct& info = decoder.info();
  ARROW_RETURN_NOT_OK(CheckImageSize("JPEG", info.image_width, info.image_height, options));
  if (!HoldsAllBlocks(info, bytes.size())) return TruncatedImage("JPEG", bytes.size());
  ARROW_RETURN_NOT_OK(AllocateImage("JPEG", info.image_width, info.image_height, options, image));
  const int orientation = decoder.Orientation();  // libjpeg forgets the markers with the last row
  ARROW_RETURN_NOT_OK(decoder.ReadPixels(image));
  return orientation;
}

Status DecodeJpegSegment(const JpegSegment& segment, const Deadline& deadline, std::size_t row_count,
                         std::uint8_t* rows) {
  return JpegDecoder(deadline).ReadSegment(segment, row_count, rows);
}

Result<std::string> EncodeJpeg(ImageView image, int quality) {
  JpegEncoder encoder;
  if (image.data == nullptr || image.width < 1 || image.height < 1 || !encoder.TryEncode(image, quality)) {
    return Status::Invalid("[EncodeJpeg] cannot write an image of ", image.width, "x", image.height,
                           " pixels as JPEG: both sides must be 1 to 65500");
  }
  return encoder.Bytes();
}

}  // namespace pomona
