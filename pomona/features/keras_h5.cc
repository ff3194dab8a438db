#include "pomona/features/keras_h5.h"

#include <array>
#include <mutex>
#include <string>
#include <utility>

#include <hdf5.h>
#include <hdf5_hl.h>

#include "pomona/base/text.h"

namespace pomona {
namespace {

constexpr hsize_t kMostNames = 100'000;
constexpr std::size_t kLongestName = 4096;
constexpr hsize_t kMostElements = hsize_t{1} << 27;

/// The library keeps global state, and Debian builds it without locks.
std::mutex& LibraryMutex() {
  static std::mutex mutex;
  return mutex;
}

/// \brief While it lives, HDF5 prints nothing; errors are told by return values.
class SilentErrors {
 public:
  SilentErrors() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~SilentErrors() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  SilentErrors(const SilentErrors&) = delete;
  SilentErrors& operator=(const SilentErrors&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// \brief An HDF5 identifier that is closed at the end of its scope.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool ok() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// Reads a list of strings, of fixed or variable length.
Result<std::vector<std::string>> ReadNames(hid_t object, const char* attribute, std::string_view where) {
  const auto wrong = [&](std::string_view what) {
    return Status::Invalid(where, ": the attribute ", attribute, " ", what);
  };
  const Handle attr(H5Aopen(object, attribute, H5P_DEFAULT), H5Aclose);
  if (!attr.ok()) return wrong("is missing");
  const Handle type(H5Aget_type(attr.get()), H5Tclose);
  const Handle space(H5Aget_space(attr.get()), H5Sclose);
  if (!type.ok() || !space.ok()) return wrong("cannot be read");
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0 || static_cast<hsize_t>(count) > kMostNames) return wrong("has an absurd length");
  std::vector<std::string> names;
  if (count == 0) return names;
  // Keras 1 and 2 write an empty list as float64.
  if (H5Tget_class(type.get()) != H5T_STRING) return wrong("does not hold strings");

  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> strings(static_cast<std::size_t>(count), nullptr);
    if (H5Aread(attr.get(), type.get(), strings.data()) < 0) return wrong("cannot be read");
    for (const char* text : strings) names.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, strings.data());
    return names;
  }
  const std::size_t width = H5Tget_size(type.get());
  if (width == 0 || width > kLongestName) return wrong("has names of an absurd length");
  std::string characters(width * static_cast<std::size_t>(count), '\0');
  if (H5Aread(attr.get(), type.get(), characters.data()) < 0) return wrong("cannot be read");
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::string name = characters.substr(i * width, width);
    names.push_back(name.substr(0, name.find('\0')));
  }
  return names;
}

Result<Tensor> ReadDataset(hid_t group, const std::string& layer, const std::string& name, std::string_view origin) {
  const auto wrong = [&](const auto&... what) {
    return Status::Invalid(origin, ": layer \"", ToValidUtf8(layer), "\", dataset \"", ToValidUtf8(name), "\" ",
                           what...);
  };
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.ok()) return wrong("is missing");
  const Handle type(H5Dget_type(dataset.get()), H5Tclose);
  const Handle space(H5Dget_space(dataset.get()), H5Sclose);
  if (!type.ok() || !space.ok()) return wrong("cannot be read");
  if (H5Tget_class(type.get()) != H5T_FLOAT) {
    return Status::TypeError(origin, ": layer \"", ToValidUtf8(layer), "\", dataset \"", ToValidUtf8(name),
                             "\" does not hold floating-point numbers");
  }
  const int rank = H5Sget_simple_extent_ndims(space.get());
  std::array<hsize_t, H5S_MAX_RANK> extents{};
  if (rank < 0 || H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr) != rank) {
    return wrong("has no shape");
  }
  Tensor tensor;
  tensor.name = layer + "/" + name;
  hsize_t count = 1;
  for (int i = 0; i < rank; ++i) {
    if (__builtin_mul_overflow(count, extents[static_cast<std::size_t>(i)], &count) || count > kMostElements) {
      return wrong("is larger than ", kMostElements, " elements");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(extents[static_cast<std::size_t>(i)]));
  }
  // A header can declare far more than the file holds; the library would fill the rest with zeros.
  if (count > 0 && H5Dget_storage_size(dataset.get()) == 0) return wrong("has no data in the file");
  ARROW_ASSIGN_OR_RAISE(tensor.data, arrow::AllocateBuffer(static_cast<std::int64_t>(count * sizeof(float))));
  if (count > 0 &&
      H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data->mutable_data()) < 0) {
    return wrong("cannot be read; is the file truncated?");
  }
  return tensor;
}

}  // namespace

Result<std::vector<Tensor>> ReadKerasH5(const std::shared_ptr<arrow::Buffer>& bytes, std::string_view origin) {
  const std::scoped_lock lock(LibraryMutex());
  const SilentErrors silent;
  // Opened for reading only, so the library does not write to the bytes although its signature could.
  const Handle file(
      H5LTopen_file_image(const_cast<std::uint8_t*>(bytes->data()), static_cast<std::size_t>(bytes->size()),
                          H5LT_FILE_IMAGE_DONT_COPY | H5LT_FILE_IMAGE_DONT_RELEASE),
      H5Fclose);
  if (!file.ok()) return Status::Invalid(origin, " is not an HDF5 file, or it is truncated");

  const bool whole_model =
      H5Aexists(file.get(), "layer_names") <= 0 && H5Lexists(file.get(), "model_weights", H5P_DEFAULT) > 0;
  const Handle root(H5Gopen2(file.get(), whole_model ? "model_weights" : "/", H5P_DEFAULT), H5Gclose);
  if (!root.ok()) return Status::Invalid(origin, ": the group model_weights cannot be opened");
  ARROW_ASSIGN_OR_RAISE(const auto layers, ReadNames(root.get(), "layer_names", origin));

  std::vector<Tensor> tensors;
  for (const std::string& layer : layers) {
    const std::string where = std::string(origin) + ": layer \"" + ToValidUtf8(layer) + "\"";
    const Handle group(H5Gopen2(root.get(), layer.c_str(), H5P_DEFAULT), H5Gclose);
    if (!group.ok()) return Status::Invalid(where, " is named but not there");
    ARROW_ASSIGN_OR_RAISE(const auto names, ReadNames(group.get(), "weight_names", where));
    for (const std::string& name : names) {
      ARROW_ASSIGN_OR_RAISE(Tensor tensor, ReadDataset(group.get(), layer, name, origin));
      tensors.push_back(std::move(tensor));
    }
  }
  return tensors;
}

}  // namespace pomona
