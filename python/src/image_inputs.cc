#include "image_inputs.h"

#include <string>
#include <string_view>

#include <arrow/array/array_binary.h>
#include <arrow/c/bridge.h>
#include <arrow/type.h>
#include <nanobind/stl/string.h>

#include "errors.h"

namespace nb = nanobind;

namespace pomona::python {
namespace {

using OneImage = nb::ndarray<const std::uint8_t, nb::shape<-1, -1, 3>, nb::c_contig, nb::device::cpu>;

ImageView View(const std::uint8_t* data, std::size_t height, std::size_t width) {
  return {data, static_cast<int>(width), static_cast<int>(height)};
}

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A path as bytes, as the file system has it.
std::string PathOf(nb::handle text) {
  const nb::object bytes = nb::steal(PyUnicode_EncodeFSDefault(text.ptr()));
  if (!bytes.is_valid()) throw nb::python_error();
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

template <typename ArrayType>
std::vector<ImageInput> Images(const arrow::Array& array, bool places) {
  const auto& values = static_cast<const ArrayType&>(array);
  std::vector<ImageInput> images;
  images.reserve(static_cast<std::size_t>(array.length()));
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      images.emplace_back();
    } else if (places) {
      images.emplace_back(std::string(values.GetView(i)));
    } else {
      images.emplace_back(Bytes(values.GetView(i)));
    }
  }
  return images;
}

Result<std::vector<ImageInput>> ImagesOf(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Images<arrow::BinaryArray>(array, array.type_id() == arrow::Type::STRING);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return Images<arrow::LargeBinaryArray>(array, array.type_id() == arrow::Type::LARGE_STRING);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return Images<arrow::BinaryViewArray>(array, array.type_id() == arrow::Type::STRING_VIEW);
    default:
      return Status::Invalid("images of the Arrow type ", array.type()->ToString(),
                             "; binary (the bytes of files) or string (paths and URIs) is wanted");
  }
}

}  // namespace

ImageInputs ImageInputs::FromList(const nb::list& items) {
  ImageInputs inputs;
  inputs.images_.reserve(items.size());
  for (const nb::handle item : items) {
    OneImage pixels;
    if (item.is_none()) {
      inputs.images_.emplace_back();
    } else if (nb::isinstance<nb::str>(item)) {
      inputs.images_.emplace_back(PathOf(item));
    } else if (nb::isinstance<nb::bytes>(item)) {
      const auto bytes = nb::borrow<nb::bytes>(item);
      inputs.images_.emplace_back(Bytes({bytes.c_str(), bytes.size()}));
      inputs.objects_.push_back(bytes);
    } else if (nb::try_cast(item, pixels, false)) {
      inputs.images_.emplace_back(View(pixels.data(), pixels.shape(0), pixels.shape(1)));
      inputs.objects_.push_back(nb::borrow(item));
    } else {
      Raise(Status::Invalid("image ", inputs.images_.size(), " is a ", nb::type_name(item.type()).c_str(),
                            "; a path or URI, the bytes of a file, a PIL image or a uint8 array of shape (h, w, 3) "
                            "is wanted"));
    }
  }
  return inputs;
}

ImageInputs ImageInputs::FromArrow(const nb::capsule& schema, const nb::capsule& array) {
  ImageInputs inputs;
  inputs.array_ = ValueOrRaise(arrow::ImportArray(static_cast<ArrowArray*>(array.data("arrow_array")),
                                                  static_cast<ArrowSchema*>(schema.data("arrow_schema"))));
  inputs.images_ = ValueOrRaise(ImagesOf(*inputs.array_));
  return inputs;
}

ImageInputs ImageInputs::FromPixels(const Pixels& pixels) {
  ImageInputs inputs;
  const std::size_t size = pixels.shape(1) * pixels.shape(2) * 3;
  inputs.images_.reserve(pixels.shape(0));
  for (std::size_t i = 0; i < pixels.shape(0); ++i) {
    inputs.images_.emplace_back(View(pixels.data() + i * size, pixels.shape(1), pixels.shape(2)));
  }
  return inputs;
}

}  // namespace pomona::python
