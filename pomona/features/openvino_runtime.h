#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pomona/base/status.h"
#include "pomona/features/feature_extractor.h"

namespace ov {
class Core;
class Model;
}  // namespace ov

namespace pomona {

/// \brief What compiling a graph needs besides the graph.
struct OpenVinoOptions {
  Precision precision = Precision::kFloat32;

  /// Streams: inferences that run at the same time, each on one thread of its own.
  int threads = 1;

  std::string weights_sha256;
};

/// \brief Compiles a graph for the processor and wraps it as an extractor.
///
/// \param[in] model one input, uint8 of shape (batch, height, width, 3); one output, float32 of shape (batch, ...),
///            whose rows are the features. The graph is not needed after the call.
/// \return Invalid for other shapes or when OpenVINO refuses the graph; NotImplemented for a precision that this
///         processor has no instructions for
Result<std::unique_ptr<FeatureExtractor>> MakeOpenVinoExtractor(const std::shared_ptr<ov::Model>& model,
                                                                const OpenVinoOptions& options);

/// \return NotImplemented, saying which instructions are missing, when this processor cannot run the precision fast
Status CheckPrecision(Precision precision);

/// \brief The process's one core: the readers and the plugin behind it load once. Thread safety: calls may run
/// together.
///
/// \return Invalid when OpenVINO's libraries cannot be loaded
Result<ov::Core*> OpenVinoCore();

/// \brief "openvino 2026.4.1".
std::string OpenVinoVersion();

/// \brief OpenVINO's error in one line, without its source files.
std::string OpenVinoMessage(const char* what);

}  // namespace pomona
