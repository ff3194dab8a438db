#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/image/image.h"

namespace pomona {

/// The filters of Pillow's `Image.Resampling`.
enum class ResizeFilter { kNearest, kBilinear, kBicubic, kLanczos };

/// \return "nearest", "bilinear", "bicubic" or "lanczos"
std::string_view ResizeFilterName(ResizeFilter filter);
std::optional<ResizeFilter> ResizeFilterFromName(std::string_view name);

/// \brief Resizes images to one size, bit for bit as `Image.resize` of Pillow 13 does.
///
/// Earlier versions of Pillow always resize the rows first, which gives other last bits where the height shrinks by
/// more than twice the pixels that the width does.
///
/// Keeps the coefficient tables of sizes seen before and its scratch buffers, so one object serves a stream of images
/// without allocating.
///
/// Thread safety: none; one object a thread.
class Resizer {
 public:
  /// \param[in] width, height of the result in pixels, at least 1
  Resizer(int width, int height, ResizeFilter filter);
  ~Resizer();
  Resizer(Resizer&&) noexcept;
  Resizer& operator=(Resizer&&) noexcept;

  /// \brief Writes height * width * 3 bytes, HWC, to `output`; an image that has the size already is copied.
  ///
  /// \return Invalid if the image is empty; OutOfMemory
  Status Resize(ImageView image, std::uint8_t* output);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pomona
