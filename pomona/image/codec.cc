#include "pomona/image/codec.h"

#include <limits>
#include <new>
#include <string>

#include "pomona/base/failure.h"
#include "pomona/base/text.h"

namespace pomona {
namespace {

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

Status CheckImageSize(std::string_view format, std::int64_t width, std::int64_t height, const DecodeOptions& options) {
  const auto size = [&] { return std::to_string(width) + " x " + std::to_string(height); };
  if (width < 1 || height < 1) {
    return CorruptImage(format, "its header gives a size of " + size() + " pixels");
  }
  constexpr std::int64_t kMaxSide = std::numeric_limits<std::int32_t>::max();
  const bool countable = width <= kMaxSide && height <= kMaxSide;
  if (!countable || width * height > options.max_pixels) {
    return ImageFailure(FailureCode::kTooLarge, "the " + Text(format) + " header says " + size() + " pixels" +
                                                    (countable ? " = " + HumanCount(width * height) : "") +
                                                    ", more than the limit of " + HumanCount(options.max_pixels) +
                                                    ": raise --max-image-pixels, or shrink or leave out this image");
  }
  return Status::OK();
}

Status AllocateImage(std::string_view format, std::int64_t width, std::int64_t height, const DecodeOptions& options,
                     Image* image) {
  ARROW_RETURN_NOT_OK(CheckImageSize(format, width, height, options));
  image->width = static_cast<int>(width);
  image->height = static_cast<int>(height);
  try {
    image->pixels.assign(image->view().size_bytes(), 0);
  } catch (const std::exception&) {  // bad_alloc or length_error
    return ImageFailure(FailureCode::kTooLarge, "no memory for the " + HumanCount(width * height) +
                                                    " pixels that the " + Text(format) +
                                                    " header promises: lower --max-image-pixels or add memory");
  }
  return Status::OK();
}

Status TruncatedImage(std::string_view format, std::size_t size_bytes) {
  return ImageFailure(FailureCode::kTruncated, "the " + Text(format) + " data end before the image does, after " +
                                                   HumanCount(static_cast<long long>(size_bytes)) +
                                                   " bytes: copy the file again from where it came");
}

Status CorruptImage(std::string_view format, std::string_view detail) {
  return ImageFailure(FailureCode::kCorrupt, "the " + Text(format) + " data are damaged (" + ToValidUtf8(detail) +
                                                 "): copy the file again from where it came");
}

Status SlowImage(std::string_view format, const Deadline& deadline) {
  return ImageFailure(FailureCode::kTooSlow, "to decode the " + Text(format) + " takes longer than " +
                                                 std::to_string(deadline.seconds()) +
                                                 " s: raise --image-timeout, or save the image anew");
}

Status UnsupportedImage(std::string_view format, std::string_view feature) {
  return ImageFailure(FailureCode::kUnsupported, Text(format) + " " + ToValidUtf8(feature) +
                                                     " is not read here: save the image anew as 8-bit RGB JPEG or PNG");
}

}  // namespace pomona
