#pragma once

// What the tests of this folder share; not part of the library.

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "pomona/base/environment.h"
#include "pomona/base/source_folder_for_test.h"
#include "pomona/features/vgg_weights.h"
#include "pomona/models/cache.h"
#include "pomona/models/registry.h"
#include "pomona/storage/file_io.h"
#include "pomona/storage/location.h"

namespace pomona::test {

/// \brief A folder for one test, removed with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) /
            ("pomona_models_" + std::string(info->name()) + "_" + std::to_string(getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Location At(const std::filesystem::path& path) { return *Location::Parse(path.native()); }

/// \brief Weights of the right shapes and no meaning, the same for the same seed.
inline VggWeights MadeUpWeights(unsigned seed = 1, const VggVariant& variant = kVgg16) {
  VggWeights weights{variant, {}};
  std::mt19937 random(seed);
  const auto tensor = [&](std::string name, std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(random()) / 4294967296.0F - 0.5F;
    return Tensor::FromVector(std::move(name), std::move(shape), std::move(values));
  };
  for (const VggShape& shape : VggLayers(variant)) {
    weights.layers.push_back({tensor(shape.name + "/kernel", {3, 3, shape.inputs, shape.outputs}),
                              tensor(shape.name + "/bias", {shape.outputs})});
  }
  return weights;
}

inline void WriteWeights(const VggWeights& weights, const std::filesystem::path& file) {
  const auto output = *OpenAtomicOutput(At(file));
  ASSERT_TRUE(weights.WriteSafetensors(output.get()).ok());
  ASSERT_TRUE(output->Close().ok());
}

/// \brief vgg16 as the registry has it, but for made-up weights and without sources.
inline RegistryModel MadeUpModel(const VggWeights& weights) {
  RegistryModel model = *ModelRegistry::BuiltIn().Find("vgg16");
  model.weights_sha256 = weights.Sha256();
  model.sources.clear();
  return model;
}

/// \brief A file with the real weights of VGG16: of $POMONA_TEST_MODELS, of ../shared/models, or of the model cache.
inline std::optional<std::filesystem::path> RealVgg16() {
  namespace fs = std::filesystem;
  const char* folder = std::getenv("POMONA_TEST_MODELS");
  const fs::path models = folder != nullptr ? fs::path(folder) : fs::path(kSourceFolder) / "../shared/models";
  fs::path file = models / "vgg16-imagenet-notop" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5";
  if (fs::exists(file)) return file;
  const auto cached =
      ModelCache(Environment::Read().model_cache).Find(*ModelRegistry::BuiltIn().Find("vgg16")).ValueOr(std::nullopt);
  if (cached) return cached->file;
  return std::nullopt;
}

inline constexpr const char* kNoRealVgg16 =
    "no VGG16 weights: set POMONA_TEST_MODELS, or run `pomona models fetch vgg16`";

}  // namespace pomona::test
