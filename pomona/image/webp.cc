// WebP by libwebp: the only file that includes its headers.
#include <algorithm>
#include <memory>
#include <string>

#include <webp/decode.h>
#include <webp/demux.h>

#include "pomona/base/failure.h"
#include "pomona/image/codec.h"
#include "pomona/image/orientation.h"

namespace pomona {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

Status Failure(VP8StatusCode status, std::size_t size_bytes) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return TruncatedImage("WebP", size_bytes);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return UnsupportedImage("WebP", "of this kind");
    case VP8_STATUS_OUT_OF_MEMORY:
      return ImageFailure(FailureCode::kTooLarge,
                          "no memory to decode this WebP: lower --max-image-pixels or use fewer --threads");
    default:
      return CorruptImage("WebP", "libwebp finds a bitstream error");
  }
}

/// The bytes of a chunk of metadata, valid as long as the file; empty when there is none.
std::span<const std::uint8_t> Chunk(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator iterator{};
  std::span<const std::uint8_t> bytes;
  if (WebPDemuxGetChunk(demuxer, name, 1, &iterator) != 0) bytes = {iterator.chunk.bytes, iterator.chunk.size};
  WebPDemuxReleaseChunkIterator(&iterator);
  return bytes;
}

/// Decodes one frame (of a still image: the image) to its place on the canvas.
Status DecodeFrame(const WebPIterator& frame, std::size_t size_bytes, Image* image) {
  if (frame.x_offset < 0 || frame.y_offset < 0 || frame.x_offset + frame.width > image->width ||
      frame.y_offset + frame.height > image->height) {
    return CorruptImage("WebP", "its first frame is larger than the image");
  }
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return UnsupportedImage("WebP", "by this version of libwebp");
  const std::size_t stride = static_cast<std::size_t>(image->width) * 3;
  const std::size_t first = static_cast<std::size_t>(frame.y_offset) * stride + 3UL * frame.x_offset;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image->pixels.data() + first;
  config.output.u.RGBA.stride = static_cast<int>(stride);
  config.output.u.RGBA.size = image->pixels.size() - first;
  const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  if (status != VP8_STATUS_OK) return Failure(status, size_bytes);
  if (config.input.width != frame.width || config.input.height != frame.height) {
    return CorruptImage("WebP", "its frame has another size than its header");
  }
  return Status::OK();
}

}  // namespace

Result<int> DecodeWebp(std::span<const std::uint8_t> bytes, const DecodeOptions& options, const Deadline& /*deadline*/,
                       Image* image) {
  WebPBitstreamFeatures features{};
  const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  if (status != VP8_STATUS_OK) return Failure(status, bytes.size());
  ARROW_RETURN_NOT_OK(CheckImageSize("WebP", features.width, features.height, options));

  const WebPData data{bytes.data(), bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const Demuxer demuxer(WebPDemuxPartial(&data, &state), &WebPDemuxDelete);
  if (state == WEBP_DEMUX_PARSING_HEADER || state == WEBP_DEMUX_PARSED_HEADER) {
    return TruncatedImage("WebP", bytes.size());
  }
  if (demuxer == nullptr || state == WEBP_DEMUX_PARSE_ERROR) return CorruptImage("WebP", "its chunks do not fit");

  ARROW_RETURN_NOT_OK(AllocateImage("WebP", features.width, features.height, options, image));
  if (features.has_animation != 0) std::fill(image->pixels.begin(), image->pixels.end(), std::uint8_t{0});
  WebPIterator frame{};
  const bool found = WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0;
  const Status decoded = found ? DecodeFrame(frame, bytes.size(), image) : CorruptImage("WebP", "it has no frame");
  WebPDemuxReleaseIterator(&frame);
  ARROW_RETURN_NOT_OK(decoded);

  if (!options.apply_exif_orientation) return 1;
  const std::span<const std::uint8_t> xmp = Chunk(demuxer.get(), "XMP ");
  return ImageOrientation(Chunk(demuxer.get(), "EXIF"), {reinterpret_cast<const char*>(xmp.data()), xmp.size()});
}

}  // namespace pomona
