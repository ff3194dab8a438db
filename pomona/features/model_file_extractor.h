#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"
#include "pomona/features/network_options.h"

namespace pomona {

/// \brief How a model file is opened.
struct ModelFileOptions {
  NetworkOptions network;
  Preprocessing preprocessing;

  /// The tensor or layer whose values are the features; "" takes the model's only output.
  std::string output_node;
};

/// \brief An extractor from a local model file: `.onnx`, `.tflite`, `.xml` (OpenVINO IR, with its `.bin` beside it),
/// or TensorFlow's SavedModel folder or frozen `.pb`.
///
/// The model must have one image input with three channels, NHWC or NCHW. It is reshaped to the image size asked for
/// where its layers allow it. Pooling applies where the chosen output is a feature map of four dimensions; any other
/// output is flattened as it is. `weights_sha256()` is the SHA-256 of the file (of the `.xml` followed by the `.bin`;
/// of a SavedModel's files in the order of their paths).
///
/// \return IOError when the file cannot be read; KeyError for an output node that is not there, with the nearest names;
///         Invalid for shapes that do not fit, naming layer and shapes
Result<std::unique_ptr<FeatureExtractor>> MakeModelFileExtractor(const std::filesystem::path& file,
                                                                 const ModelFileOptions& options);

/// \brief The same from the bytes of a single file, such as a model embedded in the program.
///
/// \param[in] bytes needed during the call only
/// \param[in] extension says the format: ".onnx" or ".tflite"
/// \param[in] name what the model is called in messages
Result<std::unique_ptr<FeatureExtractor>> MakeModelBytesExtractor(std::span<const std::byte> bytes,
                                                                  std::string_view extension, std::string_view name,
                                                                  const ModelFileOptions& options);

}  // namespace pomona
