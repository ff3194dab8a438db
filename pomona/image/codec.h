#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pomona/base/deadline.h"
#include "pomona/base/status.h"
#include "pomona/image/decode.h"

namespace pomona {

/// One adapter a format, and the only file that knows its library. Each takes a whole file whose first bytes are
/// the format's, checks the size in the header against `options.max_pixels`, then fills `image` with the pixels
/// as they are stored. Whoever can stop between rows looks at the deadline there.
///
/// \return the EXIF orientation, 1 to 8 (1 where there is none), or an `ImageFailure`
Result<int> DecodeJpeg(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                       Image* image);
Result<int> DecodePng(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image);
Result<int> DecodeWebp(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                       Image* image);
Result<int> DecodeTiff(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                       Image* image);
Result<int> DecodeBmp(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image);
Result<int> DecodeGif(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& deadline,
                      Image* image);

/// \brief One JPEG stream inside a file of another format: a strip or tile of a TIFF.
struct JpegSegment {
  std::span<const std::uint8_t> tables;  ///< a stream with tables alone, which `bytes` may do without; or empty
  std::span<const std::uint8_t> bytes;
  std::size_t samples = 3;                    ///< a pixel
  bool is_ycbcr = false;                      ///< turn three samples into RGB; else they are given as they are stored
  std::size_t min_width = 0, min_height = 0;  ///< what must be there, in pixels; less is a truncated image
  std::size_t max_width = 0, max_height = 0;  ///< what may be there; more is a corrupt image
};

/// \brief Decode such a stream by the rules of a JPEG file: one that is damaged or cut gives no pixels.
///
/// \param[out] rows shape (row_count, max_width, samples), written where the stream has pixels; a row beyond them is
///             decoded and left out
/// \return an `ImageFailure`
Status DecodeJpegSegment(const JpegSegment& segment, const Deadline& deadline, std::size_t row_count,
                         std::uint8_t* rows);

/// \brief Checks a size read from a header, then gives `image` that size and a buffer of zeros for it, so that nothing
/// of the image that it held before can show.
///
/// \param[in] format its name for people, such as "JPEG"
/// \return an `ImageFailure`: corrupt for a side below 1, too-large for more than `options.max_pixels` or more than
///         memory holds
Status AllocateImage(std::string_view format, std::int64_t width, std::int64_t height, const DecodeOptions& options,
                     Image* image);

/// The check alone.
Status CheckImageSize(std::string_view format, std::int64_t width, std::int64_t height, const DecodeOptions& options);

/// `ImageFailure`s in the same words for every format.
Status TruncatedImage(std::string_view format, std::size_t size_bytes);
Status CorruptImage(std::string_view format, std::string_view detail);
Status UnsupportedImage(std::string_view format, std::string_view feature);
Status SlowImage(std::string_view format, const Deadline& deadline);

/// \brief `sample * 255 / 255^2` rounded, as Pillow turns an ink into what it leaves of the light.
inline std::uint8_t InkToLight(int ink, int light) {
  const int product = ink * light + 128;
  return static_cast<std::uint8_t>(light - (((product >> 8) + product) >> 8));
}

}  // namespace pomona
