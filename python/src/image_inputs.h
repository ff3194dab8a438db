#pragma once

#include <memory>
#include <vector>

#include <arrow/array.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "pomona/pipeline/image_features.h"

namespace pomona::python {

/// \brief Images as Python holds them, seen by the engine without copies; the objects are kept alive.
///
/// Thread safety: made with the GIL; read without it.
class ImageInputs {
 public:
  /// \param[in] items str (a path or URI), bytes (of a file), uint8 arrays of shape (h, w, 3), or None
  /// \throws ValueError naming the first item of another kind
  static ImageInputs FromList(const nanobind::list& items);

  /// \brief Texts are paths or URIs, binary values are files; a null is an image that is missing.
  ///
  /// \param[in] schema, array capsules of the Arrow PyCapsule interface, used up by the call
  static ImageInputs FromArrow(const nanobind::capsule& schema, const nanobind::capsule& array);

  /// \param[in] pixels shape (n, h, w, 3)
  using Pixels =
      nanobind::ndarray<const std::uint8_t, nanobind::shape<-1, -1, -1, 3>, nanobind::c_contig, nanobind::device::cpu>;
  static ImageInputs FromPixels(const Pixels& pixels);

  const std::vector<ImageInput>& images() const { return images_; }

 private:
  std::vector<ImageInput> images_;
  std::vector<nanobind::object> objects_;
  std::shared_ptr<arrow::Array> array_;
};

}  // namespace pomona::python
