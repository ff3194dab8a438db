#include "pomona/features/keras_h5.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>

namespace pomona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Builds HDF5 files in memory, as Keras lays them out.
class KerasFile {
 public:
  KerasFile() {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    file_ = H5Fcreate("keras_h5_test", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
  }

  hid_t file() const { return file_; }

  static hid_t Group(hid_t parent, const char* name) {
    return H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  }

  static void FixedNames(hid_t object, const char* attribute, const std::vector<std::string>& names) {
    constexpr std::size_t kWidth = 24;
    std::string characters(kWidth * names.size(), '\0');
    for (std::size_t i = 0; i < names.size(); ++i) names[i].copy(characters.data() + i * kWidth, kWidth);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, kWidth);
    Write(object, attribute, type, names.size(), characters.data());
  }

  static void VariableNames(hid_t object, const char* attribute, const std::vector<std::string>& names) {
    std::vector<const char*> pointers;
    for (const std::string& name : names) pointers.push_back(name.c_str());
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    Write(object, attribute, type, names.size(), static_cast<const void*>(pointers.data()));
  }

  std::shared_ptr<arrow::Buffer> Finish() {
    H5Fflush(file_, H5F_SCOPE_GLOBAL);
    std::string bytes(static_cast<std::size_t>(H5Fget_file_image(file_, nullptr, 0)), '\0');
    H5Fget_file_image(file_, bytes.data(), bytes.size());
    H5Fclose(file_);
    return arrow::Buffer::FromString(std::move(bytes));
  }

 private:
  static void Write(hid_t object, const char* attribute, hid_t type, hsize_t count, const void* data) {
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t attr = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attr, type, data);
    H5Aclose(attr);
    H5Sclose(space);
    H5Tclose(type);
  }

  hid_t file_ = -1;
};

void AddDataset(hid_t group, const char* name, std::vector<hsize_t> shape, const std::vector<float>& values) {
  H5LTmake_dataset_float(group, name, static_cast<int>(shape.size()), shape.data(), values.data());
}

TEST(KerasH5, ReadsTheOldNames) {
  KerasFile file;
  KerasFile::FixedNames(file.file(), "layer_names", {"input_1", "block1_conv1"});
  const hid_t input = KerasFile::Group(file.file(), "input_1");
  KerasFile::FixedNames(input, "weight_names", {});
  H5Gclose(input);
  const hid_t layer = KerasFile::Group(file.file(), "block1_conv1");
  KerasFile::FixedNames(layer, "weight_names", {"block1_conv1_W_1:0", "block1_conv1_b_1:0"});
  AddDataset(layer, "block1_conv1_W_1:0", {1, 1, 2, 2}, {1, 2, 3, 4});
  AddDataset(layer, "block1_conv1_b_1:0", {2}, {5, 6});
  H5Gclose(layer);
  const auto tensors = ReadKerasH5(file.Finish(), "w.h5").ValueOrDie();
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].name, "block1_conv1/block1_conv1_W_1:0");
  EXPECT_THAT(tensors[0].shape, ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(tensors[0].values<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(tensors[1].values<float>(), ElementsAre(5, 6));
}

TEST(KerasH5, ReadsWholeModelsVariableNamesAndDoubles) {
  KerasFile file;
  const hid_t root = KerasFile::Group(file.file(), "model_weights");
  KerasFile::VariableNames(root, "layer_names", {"dense"});
  const hid_t layer = KerasFile::Group(root, "dense");
  KerasFile::VariableNames(layer, "weight_names", {"dense/kernel:0"});
  const hid_t inner = KerasFile::Group(layer, "dense");
  const std::vector<hsize_t> shape = {2};
  const std::vector<double> values = {0.5, -3};
  H5LTmake_dataset_double(inner, "kernel:0", 1, shape.data(), values.data());
  H5Gclose(inner);
  H5Gclose(layer);
  H5Gclose(root);
  const auto tensors = ReadKerasH5(file.Finish(), "w.h5").ValueOrDie();
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].name, "dense/dense/kernel:0");
  EXPECT_THAT(tensors[0].values<float>(), ElementsAre(0.5F, -3.0F));
}

TEST(KerasH5, MissingPartsAreNamed) {
  KerasFile empty;
  EXPECT_THAT(ReadKerasH5(empty.Finish(), "w.h5").status().message(), HasSubstr("w.h5: the attribute layer_names"));

  KerasFile no_group;
  KerasFile::FixedNames(no_group.file(), "layer_names", {"conv"});
  EXPECT_THAT(ReadKerasH5(no_group.Finish(), "w.h5").status().message(), HasSubstr("layer \"conv\" is named but not"));

  KerasFile no_dataset;
  KerasFile::FixedNames(no_dataset.file(), "layer_names", {"conv"});
  const hid_t layer = KerasFile::Group(no_dataset.file(), "conv");
  KerasFile::FixedNames(layer, "weight_names", {"kernel:0"});
  H5Gclose(layer);
  EXPECT_THAT(ReadKerasH5(no_dataset.Finish(), "w.h5").status().message(),
              HasSubstr("layer \"conv\", dataset \"kernel:0\" is missing"));
}

TEST(KerasH5, IntegersAreRefused) {
  KerasFile file;
  KerasFile::FixedNames(file.file(), "layer_names", {"conv"});
  const hid_t layer = KerasFile::Group(file.file(), "conv");
  KerasFile::FixedNames(layer, "weight_names", {"kernel:0"});
  const std::vector<hsize_t> shape = {1};
  const int value = 1;
  H5LTmake_dataset_int(layer, "kernel:0", 1, shape.data(), &value);
  H5Gclose(layer);
  EXPECT_TRUE(ReadKerasH5(file.Finish(), "w.h5").status().IsTypeError());
}

TEST(KerasH5, OtherAndTruncatedBytesAreRefusedInSilence) {
  KerasFile file;
  KerasFile::FixedNames(file.file(), "layer_names", {"conv"});
  const hid_t layer = KerasFile::Group(file.file(), "conv");
  KerasFile::FixedNames(layer, "weight_names", {"kernel:0"});
  AddDataset(layer, "kernel:0", {1000}, std::vector<float>(1000, 1.0F));
  H5Gclose(layer);
  const auto whole = file.Finish();
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(ReadKerasH5(arrow::Buffer::FromString("not HDF5"), "w.h5").ok());
  EXPECT_FALSE(ReadKerasH5(arrow::Buffer::FromString(""), "w.h5").ok());
  EXPECT_FALSE(ReadKerasH5(arrow::SliceBuffer(whole, 0, whole->size() / 2), "w.h5").ok());
  EXPECT_TRUE(ReadKerasH5(whole, "w.h5").ok());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace pomona
