#pragma once

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <arrow/io/file.h>

#include "pomona/base/environment.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/features/vgg_weights.h"

namespace pomona {

/// \brief Weights of the right shapes that keep the activations' size from layer to layer.
inline VggWeights RandomVggWeights(const VggVariant& variant = kVgg16, unsigned seed = 1) {
  std::minstd_rand generator(seed);
  VggWeights weights{variant, {}};
  for (const VggShape& shape : VggLayers(variant)) {
    const float limit = std::sqrt(6.0F / static_cast<float>(9 * shape.inputs));
    const float step = 2 * limit / static_cast<float>(std::minstd_rand::max());
    std::vector<float> kernel(static_cast<std::size_t>(9) * shape.inputs * shape.outputs);
    for (float& value : kernel) value = static_cast<float>(generator()) * step - limit;
    std::vector<float> bias(static_cast<std::size_t>(shape.outputs));
    for (float& value : bias) value = static_cast<float>(generator()) * step - limit;
    weights.layers.push_back(
        {Tensor::FromVector(shape.name + "/kernel", {3, 3, shape.inputs, shape.outputs}, std::move(kernel)),
         Tensor::FromVector(shape.name + "/bias", {shape.outputs}, std::move(bias))});
  }
  return weights;
}

/// \brief The real weights of VGG16: from the model cache, else the Keras file beside the repository, else nothing.
inline std::optional<std::filesystem::path> FindVgg16File() {
  namespace fs = std::filesystem;
  fs::path cached = Environment::Read().model_cache / "vgg16" / (std::string(kVgg16Sha256) + ".safetensors");
  if (fs::exists(cached)) return cached;
  const char* variable = std::getenv("POMONA_TEST_MODELS");  // NOLINT(concurrency-mt-unsafe): tests read it alone
  const fs::path models = variable != nullptr ? fs::path(variable) : fs::path(kSourceFolder) / "../shared/models";
  fs::path keras = models / "vgg16-imagenet-notop/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";
  if (fs::exists(keras)) return keras;
  return std::nullopt;
}

inline constexpr const char* kNoVgg16 =
    "no VGG16 weights, neither in the model cache (pomona models fetch vgg16) nor in $POMONA_TEST_MODELS";

inline Result<VggWeights> ReadVgg16File(const std::filesystem::path& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::MemoryMappedFile::Open(path.string(), arrow::io::FileMode::READ));
  return VggWeights::Read(file, kVgg16, path.string());
}

}  // namespace pomona
