#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pomona/base/json.h"
#include "pomona/base/matrix_view.h"
#include "pomona/base/status.h"

namespace pomona {

/// What happens to the last feature map: its maximum or mean over the plane, or the map itself, flattened
/// (height, width, channel).
enum class Pooling { kMax, kAverage, kNone };
std::string_view PoolingName(Pooling pooling);  // "max", "avg", "none"
std::optional<Pooling> PoolingFromName(std::string_view name);

/// Arithmetic of the network; features are float32 whatever this is.
enum class Precision { kFloat32, kBfloat16, kInt8 };
std::string_view PrecisionName(Precision precision);  // "f32", "bf16", "int8"
std::optional<Precision> PrecisionFromName(std::string_view name);

/// \brief Turns batches of images into rows of float32 features.
///
/// Shapes: a batch holds up to `batch_size()` images of `image_width()` x `image_height()` pixels, 8-bit sRGB, shape
/// (n, height, width, 3); the result has shape (n, `dim()`). The features of an image depend neither on the other
/// images of the batch nor on its place in it: a batch that is not full is padded.
///
/// Thread safety: `NewSession` may be called by several threads; one session serves one thread at a time, and sessions
/// run side by side. The extractor must outlive its sessions.
class FeatureExtractor {
 public:
  class Session {
   public:
    virtual ~Session() = default;

    /// \brief Where the caller writes the pixels of image i of the next batch, 0 <= i < batch_size();
    /// image_width * image_height * 3 bytes.
    virtual std::uint8_t* input(int i) = 0;

    /// \brief Extract the features of the first `count` images written to `input`.
    ///
    /// \param[out] features shape (count, dim); a row that is not finite is the caller's to find
    virtual Status Run(int count, MatrixView<float> features) = 0;
  };

  virtual ~FeatureExtractor() = default;

  virtual std::int64_t dim() const = 0;
  virtual int image_width() const = 0;
  virtual int image_height() const = 0;
  virtual int batch_size() const = 0;

  /// \brief Whether a batch of few images takes about as long as a full one, because it is padded.
  virtual bool pads_batches() const { return true; }

  /// \brief What runs the network, with its version: "openvino 2026.4.1", "native".
  virtual std::string engine() const = 0;

  /// \brief What the engine chose by itself and decides bits, for the plan; null where there is nothing.
  virtual Json engine_plan() const { return nullptr; }

  /// \brief SHA-256 of the weights (see docs/formats.md), or "" when there are none.
  virtual std::string weights_sha256() const = 0;

  virtual Result<std::unique_ptr<Session>> NewSession() const = 0;

  /// \brief Sessions that should run at once to keep to the memory that was allowed; at least 1.
  virtual int sessions_in_memory() const { return std::numeric_limits<int>::max(); }

  /// \brief Bytes that it holds with so many sessions; 0 where that is not known.
  virtual std::int64_t bytes(int /*sessions*/) const { return 0; }
};

}  // namespace pomona
