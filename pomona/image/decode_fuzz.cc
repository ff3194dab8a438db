#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "pomona/base/failure.h"
#include "pomona/image/decode.h"

/// Any bytes give an image of the size it claims, or an `ImageFailure`.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pomona::DecodeOptions options;
  options.max_pixels = 1 << 18;
  pomona::Image image;
  const pomona::Status status = pomona::DecodeImage({data, size}, options, &image);
  if (status.ok() ? image.pixels.size() != image.view().size_bytes() : !pomona::FailureCodeOf(status)) std::abort();
  return 0;
}
